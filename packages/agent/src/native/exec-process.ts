/** A further process of a container, described in a file: what is in an environment is not for everybody's `ps`. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../container/account.ts';
import type { ExecOptions } from '../container/runtime.ts';

interface BundleProcess {
  env: string[];
  capabilities: { bounding: string[] };
}

/**
 * Like the container's own process but for what the options say.
 *
 * @param account whom it runs as; default as the container's own
 * @returns the path of the file, for `runc exec --process`
 */
export async function writeExecProcess(
  containerFolder: string,
  { argv, environment = {}, tty = false }: ExecOptions,
  account: Account | undefined,
): Promise<string> {
  const config = JSON.parse(await readFile(join(containerFolder, 'config.json'), 'utf8')) as {
    process: BundleProcess;
  };
  const { env, capabilities, ...rest } = config.process;
  // Another user holds none by himself; root those of the container.
  const held = account?.uid === 0 ? capabilities.bounding : [];
  const file = join(containerFolder, `exec-${randomUUID()}.json`);
  const described = {
    ...rest,
    args: argv,
    terminal: tty,
    // The last of a name counts.
    env: [...env, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    capabilities,
    ...(account !== undefined && {
      user: { uid: account.uid, gid: account.gid, additionalGids: account.additionalGids },
      capabilities: { bounding: capabilities.bounding, effective: held, permitted: held },
    }),
  };
  await writeFile(file, JSON.stringify(described), { mode: 0o600 });
  return file;
}
