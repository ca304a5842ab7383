/** A ZooKeeper server for a cluster on one machine, from what is installed there. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CliError } from '../../program/errors.ts';

const mainClass = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
const debianJars = '/usr/share/java';
// Named one by one: the folder also holds other backends for logs, and jars whose manifests name the system's.
const neededJars =
  /^(slf4j-(api|simple)|netty-(?!all)[a-z-]+|jctools(-core)?|snappy-java|metrics-core|commons-(cli|io)|zookeeper-jute)\.jar$/;

const remedy =
  'install it (apt-get install zookeeper default-jre-headless), set ZOOKEEPER_HOME to an unpacked release, name a running one with --zk=zk://…, or use --masters=1, which needs none';

function classPathOf(env: NodeJS.ProcessEnv): string | undefined {
  const home = env.ZOOKEEPER_HOME;
  if (home !== undefined && home !== '') return `${join(home, 'lib', '*')}:${join(home, '*')}`;
  if (!existsSync(join(debianJars, 'zookeeper.jar'))) return undefined;
  const jars = readdirSync(debianJars).filter((jar) => neededJars.test(jar));
  return [...jars, 'zookeeper.jar'].map((jar) => join(debianJars, jar)).join(':');
}

const isInPath = (program: string, env: NodeJS.ProcessEnv) =>
  (env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** Program and arguments; `folder` is prepared by `prepareZooKeeper`. @throws CliError `unavailable` with what is missing */
export function zooKeeperCommand(folder: string, env: NodeJS.ProcessEnv): string[] {
  const classPath = classPathOf(env);
  if (classPath === undefined || !isInPath('java', env)) {
    const missing = classPath === undefined ? 'ZooKeeper' : 'Java, which ZooKeeper runs on,';
    throw new CliError(
      'unavailable',
      `several masters elect a leader in ZooKeeper, and ${missing} is not installed`,
      {
        remedy,
      },
    );
  }
  const small = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
  return ['java', ...small, '-cp', classPath, mainClass, join(folder, 'zoo.cfg')];
}

/** Half a second, so that sessions of seconds are possible. */
const tickTimeMs = 500;

export async function prepareZooKeeper(folder: string, port: number): Promise<void> {
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { recursive: true });
  const lines = [
    ...[`tickTime=${tickTimeMs}`, `dataDir=${dataDir}`],
    ...['clientPortAddress=127.0.0.1', `clientPort=${port}`],
    ...['admin.enableServer=false', 'maxClientCnxns=0'],
    ...['autopurge.purgeInterval=1', 'autopurge.snapRetainCount=3'],
  ];
  await writeFile(join(folder, 'zoo.cfg'), `${lines.join('\n')}\n`);
}
