import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, silentLogger } from '@orchestrator/runtime';
import { openStore, type Store } from '@orchestrator/store';
import { type Ensemble, startEnsemble, temporaryFolder, waitFor } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createMigrationService,
  type MigrationRecord,
  type MigrationService,
  parseMigrationRequest,
  reportToHtml,
} from '../src/index.ts';

let folder: string;
let source: Ensemble;
let target: Ensemble;
let store: Store;
let service: MigrationService;
let onSource: ZooKeeperClient;
let onTarget: ZooKeeperClient;

beforeEach(async () => {
  folder = await temporaryFolder('adopted');
  const options = { servers: 1, config: { standaloneEnabled: 'false' } };
  [source, target] = await Promise.all([startEnsemble(options), startEnsemble(options)]);
  store = await openStore(`sqlite:${join(folder, 'store.db')}`);
  service = coordinator('one');
  await service.start();
  onSource = await connect({ connectString: source.connectString });
  onTarget = await connect({ connectString: target.connectString });
});

afterEach(async () => {
  await Promise.all([onSource.close(), onTarget.close()]);
  await service.stop();
  await store.close();
  await Promise.all([source.close(), target.close()]);
  await rm(folder, { recursive: true, force: true });
});

const logger =
  process.env.MIGRATION_LOG === undefined ? silentLogger : createLogger({ name: 'test', level: 'debug' });
const coordinator = (instance: string) =>
  createMigrationService({ logger, store, workFolder: join(folder, 'work'), instance, leaseMs: 5_000 });

const cluster = (ensemble: Ensemble) => ({
  zookeeper: ensemble.connectString,
  quorum_servers: ensemble.servers.map((server) => `127.0.0.1:${server.quorumPort}`),
});

async function begin(extra: object = {}): Promise<string> {
  const config = parseMigrationRequest({
    config: {
      name: 'adopted',
      source: cluster(source),
      target: cluster(target),
      sync: { lag_threshold_ms: 10_000, ...extra },
      orchestration: { health_check_interval_sec: 0.2, quiet_period_sec: 0.5, start_timeout_sec: 60 },
    },
  });
  const { id } = await service.create(config, 'tester');
  await service.command(id, { kind: 'start' }, 'tester');
  return id;
}

const until = (id: string, status: string): Promise<MigrationRecord> =>
  waitFor(
    async () => {
      const record = await service.get(id);
      if (record.state.status === 'failed' && status !== 'failed')
        throw new Error(`failed at ${record.state.current?.step}: ${record.state.failure?.message}`);
      return record.state.status === status ? record : undefined;
    },
    { what: `status ${status}`, timeoutMs: 120_000, intervalMs: 50 },
  );

const arrives = (client: ZooKeeperClient, path: string) =>
  waitFor(async () => (await client.exists(path)).stat ?? undefined, {
    what: `${path} to arrive`,
    intervalMs: 20,
  });

test('a client that stays on the source stops its retirement, and synchronisation goes on for it', async () => {
  await onSource.create('/app', 'x');
  const id = await begin();
  await until(id, 'awaiting-approval');
  await service.command(id, { kind: 'advance' }, 'tester');
  const failed = await until(id, 'failed');
  expect(failed.state.failure?.message).toMatch(
    /no clients on the source: connections left .*: 1\), from 127\.0\.0\.1:\d+/,
  );
  await onSource.create('/app/still-here', 'x');
  await arrives(onTarget, '/app/still-here');
  const { entries } = await service.audit(id, { limit: 1000 });
  expect(
    entries.some((entry) => entry.action === 'alert raised' && entry.details.kind === 'step-failed'),
  ).toBe(true);

  await onSource.close();
  await service.command(id, { kind: 'advance' }, 'tester');
  // The source is stopped by hand, as the instruction asks.
  const instructed = await waitFor(async () => (await service.health(id)).live?.instruction ?? undefined, {
    what: 'the instruction to stop the source',
    timeoutMs: 60_000,
  });
  expect(instructed).toContain(`Cluster-A: stop every server (${source.connectString})`);
  await source.stop();
  const done = await until(id, 'completed');
  expect(done.state.phase).toBe(6);
  const html = reportToHtml(await service.report(id));
  expect(html).toContain('Completed: the target stands alone');
  expect(html).toContain('no archive is configured');
});

test('paused nothing is carried, resumed all of it is; another coordinator takes over in between', async () => {
  const id = await begin();
  await until(id, 'awaiting-approval');
  await service.command(id, { kind: 'pause' }, 'tester');
  await waitFor(async () => ((await service.health(id)).live?.sync?.state === 'paused' ? true : undefined), {
    what: 'the engine to pause',
  });
  await onSource.create('/while-paused', 'x');
  await service.stop();
  service = coordinator('two');
  await service.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await onTarget.exists('/while-paused')).stat).toBeNull();
  await service.command(id, { kind: 'resume' }, 'tester');
  await arrives(onTarget, '/while-paused');
  expect((await service.validate(id, 'current')).map((result) => result.status)).toEqual(['ok', 'ok', 'ok']);
});

test('a conflict that is held is listed, stops phase 6, and is resolved by an operator', async () => {
  await onSource.create('/c', 'begin');
  const id = await begin({ conflict_resolution: 'manual' });
  await until(id, 'awaiting-approval');
  await service.command(id, { kind: 'pause' }, 'tester');
  await waitFor(async () => ((await service.health(id)).live?.sync?.state === 'paused' ? true : undefined), {
    what: 'the engine to pause',
  });
  await Promise.all([onSource.setData('/c', 'a'), onTarget.setData('/c', 'b')]);
  await service.command(id, { kind: 'resume' }, 'tester');
  const held = await waitFor(
    async () => (await service.conflicts.list(id, { held: true }).catch(() => []))[0],
    {
      what: 'the conflict',
    },
  );
  expect(held).toMatchObject({ path: '/c', decision: 'held' });
  await service.conflicts.resolve(id, held.id, 'target', 'tester');
  await waitFor(async () => ((await onSource.getData('/c')).data?.toString() === 'b' ? true : undefined), {
    what: 'the decision to be carried out',
  });
  expect((await service.report(id)).facts.conflicts[0]).toMatchObject({ path: '/c' });
});

test('a target that is lost does not keep the source from being as before', async () => {
  await onSource.create('/app', 'x');
  // A rollback that is forced still gives the target's changes this long to arrive.
  const id = await begin({ settle_timeout_sec: 10 });
  await until(id, 'awaiting-approval');
  await target.stop();
  await waitFor(
    async () =>
      (await service.health(id)).live?.alerts.some((alert) => alert.kind === 'quorum-loss') || undefined,
    { what: 'the alert' },
  );
  await service.command(id, { kind: 'rollback', toPhase: 0, force: true }, 'tester');
  await until(id, 'rolled-back');
  expect((await onSource.getData('/app')).data?.toString()).toBe('x');
  expect((await service.report(id)).facts.leftBehind?.what).toContain('/orchestrator-sync may be left');
});
