/** Configurations as operators write them, for the ensembles of a test. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Ensemble, findDistribution, freePorts } from '@orchestrator/testing';

export interface MigrationFileOptions {
  readonly folder: string;
  readonly source: Ensemble;
  /** An ensemble that runs already, or one to deploy. */
  readonly target: Ensemble | Deployment;
  /** Further lines below `migration:`. */
  readonly lines?: readonly string[];
  /** Further keys of `orchestration`. */
  readonly orchestration?: string;
}

/** How a target is deployed. */
export interface Deployment {
  /** Below `target:`. */
  readonly lines: readonly string[];
  readonly connectString: string;
}

export interface MigrationFile {
  readonly file: string;
  readonly keyFile: string;
  readonly archiveFolder: string;
  readonly targetConnectString: string;
}

const serverLines = (source: Ensemble) =>
  source.servers.map(
    (one) =>
      `        - { id: ${one.id}, client_port: ${one.clientPort}, quorum_port: ${one.quorumPort}, election_port: ${one.electionPort}, config_file: "${one.configFile}", data_folder: "${one.dataDir}" }`,
  );

/** As processes of this machine, from an installation below `folder`. */
export async function deployLocally(folder: string, count = 1): Promise<Deployment> {
  const install = join(folder, 'zookeeper');
  await mkdir(join(install, 'lib'), { recursive: true });
  for (const jar of findDistribution('3.8').classPath.split(':'))
    await symlink(jar, join(install, 'lib', basename(jar)));
  const ports = await freePorts(3 * count);
  const clientPorts = Array.from({ length: count }, (_, index) => ports[3 * index]);
  return {
    connectString: clientPorts.map((port) => `127.0.0.1:${port}`).join(','),
    lines: [
      '    deploy:',
      '      kind: local',
      `      folder: "${join(folder, 'b')}"`,
      `      install: "${install}"`,
      '      java_options: ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]',
      '      servers:',
      ...clientPorts.map(
        (port, index) =>
          `        - { id: ${index + 1}, client_port: ${port}, quorum_port: ${ports[3 * index + 1]}, election_port: ${ports[3 * index + 2]} }`,
      ),
    ],
  };
}

const quorumServers = ({ servers }: Ensemble) =>
  `    quorum_servers: [${servers.map((one) => `"127.0.0.1:${one.quorumPort}"`).join(', ')}]`;

export async function writeMigrationFile(options: MigrationFileOptions): Promise<MigrationFile> {
  const { folder, source, target, lines = [], orchestration = '' } = options;
  const keyFile = join(folder, 'archive.key');
  const archiveFolder = join(folder, 'archive');
  await writeFile(keyFile, Buffer.alloc(32, 7), { mode: 0o600 });
  const text = [
    'migration:',
    '  name: "e2e"',
    '  source:',
    `    zookeeper: "${source.connectString}"`,
    quorumServers(source),
    '    deploy:',
    '      kind: local',
    '      servers:',
    ...serverLines(source),
    '  target:',
    ...('lines' in target
      ? target.lines
      : [`    zookeeper: "${target.connectString}"`, quorumServers(target)]),
    `  orchestration: { health_check_interval_sec: 0.5, quiet_period_sec: 1, start_timeout_sec: 60, ${orchestration} }`,
    `  archive: { folder: "${archiveFolder}", key_file: "${keyFile}" }`,
    ...lines,
  ];
  const file = join(folder, 'migration.yaml');
  await writeFile(file, `${text.join('\n')}\n`);
  return { file, keyFile, archiveFolder, targetConnectString: target.connectString };
}
