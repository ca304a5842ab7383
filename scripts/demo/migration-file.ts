/** The configuration that an operator of this ensemble would write, and the files that it names. */
import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Ensemble, findDistribution, freePorts } from '@orchestrator/testing';
import { electionPath } from './cast.ts';

export interface MigrationFile {
  readonly file: string;
  readonly targetConnectString: string;
}

export interface MigrationFileOptions {
  readonly folder: string;
  readonly source: Ensemble;
  /** Of A's super user, whom the security guide recommends where ACLs keep others out. */
  readonly superPassword: string;
}

const targetServers = 3;

/** B runs the same ZooKeeper as A; its jars lie in several places. */
async function linkInstallation(folder: string): Promise<void> {
  await mkdir(join(folder, 'lib'), { recursive: true });
  for (const jar of findDistribution('3.8').classPath.split(':'))
    await symlink(jar, join(folder, 'lib', basename(jar)));
}

export async function writeMigrationFile(options: MigrationFileOptions): Promise<MigrationFile> {
  const { folder, source, superPassword } = options;
  const superFile = join(folder, 'super-of-a');
  await writeFile(superFile, `super:${superPassword}`, { mode: 0o600 });
  await linkInstallation(join(folder, 'zookeeper'));
  const keyFile = join(folder, 'archive.key');
  await writeFile(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const ports = await freePorts(3 * targetServers);
  const target = Array.from({ length: targetServers }, (_, index) => ({
    id: index + 1,
    clientPort: ports[3 * index],
    quorumPort: ports[3 * index + 1],
    electionPort: ports[3 * index + 2],
  }));
  const lines = [
    'migration:',
    '  name: "demo"',
    '  source:',
    `    zookeeper: "${source.connectString}"`,
    `    quorum_servers: [${source.servers.map((one) => `"${one.host}:${one.quorumPort}"`).join(', ')}]`,
    '    auth:',
    `      - credential: { file: "${superFile}" }`,
    '    deploy:',
    '      kind: local',
    '      servers:',
    ...source.servers.map(
      (one) =>
        `        - { id: ${one.id}, host: "${one.host}", client_port: ${one.clientPort}, quorum_port: ${one.quorumPort}, election_port: ${one.electionPort}, data_folder: "${one.dataDir}", config_file: "${one.configFile}" }`,
    ),
    '  target:',
    '    deploy:',
    '      kind: local',
    `      folder: "${join(folder, 'b')}"`,
    `      install: "${join(folder, 'zookeeper')}"`,
    '      java_options: ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]',
    '      servers:',
    ...target.map(
      (one) =>
        `        - { id: ${one.id}, client_port: ${one.clientPort}, quorum_port: ${one.quorumPort}, election_port: ${one.electionPort} }`,
    ),
    '  sync:',
    // Both ensembles, the engine and all clients share this machine's cores.
    '    lag_threshold_ms: 500',
    '    conflict_resolution: "last-write-wins"',
    '    paths_to_sync: ["/"]',
    `    election_groups: ["${electionPath}"]`,
    '  orchestration:',
    '    require_manual_approval: true',
    '    health_check_interval_sec: 1',
    '    quiet_period_sec: 3',
    '  archive:',
    `    folder: "${join(folder, 'archive')}"`,
    `    key_file: "${keyFile}"`,
  ];
  const file = join(folder, 'migration.yaml');
  await writeFile(file, `${lines.join('\n')}\n`);
  return { file, targetConnectString: target.map((one) => `127.0.0.1:${one.clientPort}`).join(',') };
}
