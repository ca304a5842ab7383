import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, silentLogger } from '@orchestrator/runtime';
import { openStore, type Store } from '@orchestrator/store';
import {
  createEnsemble,
  type Ensemble,
  freePorts,
  startEnsemble,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findServer } from '../src/deploy/java-process.ts';
import {
  createMigrationService,
  type MigrationRecord,
  type MigrationService,
  parseMigrationRequest,
  restoreArchive,
} from '../src/index.ts';

const logger =
  process.env.MIGRATION_LOG === undefined ? silentLogger : createLogger({ name: 'test', level: 'debug' });

let folder: string;
let source: Ensemble;
let store: Store;
let service: MigrationService;
let client: ZooKeeperClient;
let targetFolder: string;
let targetPorts: number[];

beforeEach(async () => {
  folder = await temporaryFolder('migrate');
  targetFolder = join(folder, 'b');
  source = await startEnsemble({ servers: 3 });
  targetPorts = await freePorts(9);
  store = await openStore(`sqlite:${join(folder, 'store.db')}`);
  service = createMigrationService({
    store,
    workFolder: join(folder, 'work'),
    instance: 'one',
    logger,
    leaseMs: 5_000,
  });
  await service.start();
  client = await connect({ connectString: source.connectString });
});

afterEach(async () => {
  await client?.close();
  await service.stop();
  await store.close();
  const configFiles = [1, 2, 3].map((id) => join(targetFolder, `server-${id}/zoo.cfg`));
  for (const file of [...configFiles, ...source.servers.map((server) => server.configFile)]) {
    const left = await findServer(file);
    if (left !== undefined) process.kill(left.pid, 'SIGKILL');
  }
  await source.close();
  await rm(folder, { recursive: true, force: true });
});

function config() {
  return parseMigrationRequest({
    source_zk: source.connectString,
    config: {
      name: 'move',
      source: {
        quorum_servers: source.servers.map((server) => `127.0.0.1:${server.quorumPort}`),
        deploy: {
          kind: 'local',
          servers: source.servers.map((server) => ({
            id: server.id,
            client_port: server.clientPort,
            quorum_port: server.quorumPort,
            election_port: server.electionPort,
            config_file: server.configFile,
            data_folder: server.dataDir,
          })),
        },
      },
      target: {
        deploy: {
          kind: 'local',
          folder: targetFolder,
          java_options: ['-Xmx192m'],
          servers: [0, 1, 2].map((n) => ({
            id: n + 1,
            client_port: targetPorts[3 * n],
            quorum_port: targetPorts[3 * n + 1],
            election_port: targetPorts[3 * n + 2],
          })),
        },
      },
      sync: { lag_threshold_ms: 10_000 },
      orchestration: { health_check_interval_sec: 0.5, quiet_period_sec: 1, start_timeout_sec: 60 },
      archive: { folder: join(folder, 'archive'), key_file: join(folder, 'key') },
    },
  });
}

async function until(id: string, ...statuses: string[]): Promise<MigrationRecord> {
  let last: MigrationRecord | undefined;
  return await waitFor(
    async () => {
      last = await service.get(id);
      if (last.state.status === 'failed' && !statuses.includes('failed'))
        throw new Error(`failed at ${last.state.current?.step}: ${last.state.failure?.message}`);
      return statuses.includes(last.state.status) ? last : undefined;
    },
    { what: `status ${statuses}`, timeoutMs: 90_000, intervalMs: 100 },
  );
}

/** What the archive holds is a data folder that a server starts from. */
async function restoredServes(archive: string): Promise<void> {
  const restored = join(folder, 'restored');
  const manifest = await restoreArchive(archive, { file: join(folder, 'key') }, restored);
  expect(manifest.files.map((file) => file.path)).toContain('server-3/zoo.cfg');
  await using alone = await createEnsemble({ servers: 1 });
  const dataDir = alone.servers[0]?.dataDir ?? '';
  await rm(join(dataDir, 'version-2'), { recursive: true, force: true });
  await cp(join(restored, 'server-1/data/version-2'), join(dataDir, 'version-2'), { recursive: true });
  await alone.start();
  await alone.waitForQuorum();
  const reader = await connect({ connectString: alone.connectString });
  expect((await reader.getData('/app')).data?.toString()).toBe('hello');
  expect((await reader.getChildren('/app')).children).toHaveLength(51);
  await reader.close();
}

test('a whole migration: deployed, synchronised, retired, archived, and all the way back', async () => {
  await writeFile(join(folder, 'key'), Buffer.alloc(32, 7), { mode: 0o600 });
  await client.create('/app', 'hello');
  for (let n = 0; n < 50; n++) await client.create('/app/n-', `value ${n}`, { mode: 'persistentSequential' });
  const { id } = await service.create(config(), 'tester');
  await service.command(id, { kind: 'start' }, 'tester');
  const waiting = await until(id, 'awaiting-approval');
  expect(waiting.state.phase).toBe(1);

  const targetString = [0, 1, 2].map((n) => `127.0.0.1:${targetPorts[3 * n]}`).join(',');
  const onTarget = await connect({ connectString: targetString });
  expect((await onTarget.getData('/app')).data?.toString()).toBe('hello');
  await onTarget.create('/app/from-b', 'b');
  await waitFor(async () => (await client.exists('/app/from-b')).stat ?? undefined, { what: 'b on a' });
  const validation = await service.validate(id, 'current');
  expect(validation.map((result) => result.status)).toEqual(['ok', 'ok', 'ok']);

  await client.close();
  await service.command(id, { kind: 'advance', phase: 6 }, 'tester');
  await until(id, 'completed');
  await restoredServes(join(folder, `archive/move-${id}.zkarchive`));
  await onTarget.create('/app/after', 'after');
  await onTarget.close();

  await service.command(id, { kind: 'rollback', toPhase: 1 }, 'tester');
  await until(id, 'rolled-back');
  client = await connect({ connectString: source.connectString });
  await client.sync('/');
  expect((await client.getData('/app/after')).data?.toString()).toBe('after');

  await service.command(id, { kind: 'rollback', toPhase: 0 }, 'tester');
  const back = await until(id, 'rolled-back');
  expect(back.state).toMatchObject({ phase: 0, done: [] });
  await client.sync('/');
  expect((await client.getChildren('/')).children.sort()).toEqual(['app', 'zookeeper']);
  expect(await service.verifyAudit(id)).toMatchObject({ intact: true });
}, 240_000);
