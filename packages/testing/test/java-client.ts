/** ZooKeeper's own command-line client, as a client that is not ours. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, findDistribution, runCommand, temporaryFolder } from '../src/index.ts';

export interface JavaClientOptions {
  /** The client signs in by SASL as this user. */
  sasl?: { user: string; password: string };
  flags?: readonly string[];
}

/** Runs one command of `zkCli.sh`, e.g. `['create', '/a', 'data']`; its answer is in `stdout`, its errors in `stderr`. */
export async function javaClient(
  connectString: string,
  command: readonly string[],
  options: JavaClientOptions = {},
): Promise<CommandResult> {
  const { classPath, jvmFlags } = findDistribution('3.8');
  const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...jvmFlags, ...(options.flags ?? [])];
  if (options.sasl !== undefined) {
    const { user, password } = options.sasl;
    const file = join(await temporaryFolder('jaas'), 'jaas.conf');
    const login = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
    await writeFile(file, `Client { ${login} username="${user}" password="${password}"; };\n`);
    flags.push(`-Djava.security.auth.login.config=${file}`);
  }
  const main = ['-cp', classPath, 'org.apache.zookeeper.ZooKeeperMain'];
  return await runCommand('java', [...flags, ...main, '-server', connectString, ...command]);
}
