/** The configuration that an operator of this ensemble would write. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ensemble, freePorts } from '@orchestrator/testing';
import { electionPath } from './cast.ts';

export interface MigrationFile {
  readonly file: string;
  readonly targetConnectString: string;
}

/** A super user of A, as zk-migrate's security guide recommends where ACLs keep others out. */
export interface SuperUser {
  readonly credentialFile: string;
  readonly jvmFlag: string;
}

export async function writeSuperUser(folder: string): Promise<SuperUser> {
  const credential = `super:${randomBytes(16).toString('hex')}`;
  const credentialFile = join(folder, 'super-of-a');
  await writeFile(credentialFile, credential, { mode: 0o600 });
  const digest = createHash('sha1').update(credential).digest('base64');
  return {
    credentialFile,
    jvmFlag: `-Dzookeeper.DigestAuthenticationProvider.superDigest=super:${digest}`,
  };
}

const targetServers = 3;

export interface MigrationFileOptions {
  readonly folder: string;
  readonly source: Ensemble;
  readonly superUser: SuperUser;
}

export async function writeMigrationFile(options: MigrationFileOptions): Promise<MigrationFile> {
  const { folder, source, superUser } = options;
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
    `      - credential: { file: "${superUser.credentialFile}" }`,
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
