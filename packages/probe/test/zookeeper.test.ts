import { createEnsemble, type Ensemble, startEnsemble } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { zookeeperSource } from '../src/zookeeper/source.ts';
import { type JsonServer, startJsonServer } from './json-server.ts';
import { latest, type Watching, watch } from './watching.ts';

let ensemble: Ensemble;
let other: Ensemble;
let coordinator: JsonServer;
let seen: Watching;

const nodeId = (address: string) => `${address};<zookeeper>`;
const roleOf = (address: string) => latest(seen.node('zookeeper', nodeId(address)), 'role');
const roles = () => ensemble.servers.map(({ connectString }) => roleOf(connectString)).sort();
const targets = (id: string) =>
  [...(seen.node('zookeeper', id)?.edges ?? [])].flatMap(([to, { value }]) =>
    value === undefined ? [] : [to],
  );

/** As a coordinator answers: `packages/migration/src/api/schemas.ts`. */
const syncOf = (sync: object | null) => ({
  migrations: [{ id: 'm1', name: 'move', status: 'running', sync }],
});
const direction = (from: string, lag: number) => ({
  ...{ from, capture: 'observer', applied: 10, applied_per_s: 2, backlog: 1, lag_now_ms: lag },
});

beforeAll(async () => {
  ensemble = await startEnsemble({ servers: 3 });
  // As servers are that nobody has configured for it.
  other = await createEnsemble({ servers: 1, config: { '4lw.commands.whitelist': 'srvr' } });
  await other.start();
  const config = {
    migration: {
      source: { zookeeper: ensemble.connectString },
      target: { zookeeper: `${other.connectString}/x` },
    },
  };
  coordinator = await startJsonServer({
    '/api/v1/migrations': { migrations: [{ id: 'm1', config }] },
    '/api/v1/sync/status': syncOf(null),
  });
  const servers = [...ensemble.servers, ...other.servers].map(({ connectString }) => connectString);
  seen = watch(zookeeperSource({ servers, coordinator: coordinator.url, everyMs: 100, token: () => 't' }));
});

afterAll(async () => {
  await seen?.stop();
  await coordinator?.close();
  await ensemble?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

it('roles and figures, by mntr or what is left of it', async () => {
  await seen.until('the roles', () => roles().join() === 'follower,follower,leader');
  const alone = other.servers[0]?.connectString ?? '';
  await seen.until('the other one', () => roleOf(alone) === 'standalone');
  const [restricted, node] = [
    seen.node('zookeeper', nodeId(alone)),
    seen.node('zookeeper', nodeId(ensemble.servers[0]?.connectString ?? '')),
  ];
  expect(node?.metrics.get('zookeeper_watches')?.values.at(-1)).toBeGreaterThanOrEqual(0);
  expect(restricted?.metrics.get('zookeeper_connections')?.values.at(-1)).toBeGreaterThanOrEqual(1);
  expect(latest(node, 'zookeeper_version')).toMatch(/^3\./);
});

it('what is synchronised leads from leader to leader, and goes with the migration', async () => {
  coordinator.answers.set(
    '/api/v1/sync/status',
    syncOf({
      state: 'synced',
      conflicts: { total: 2, held: 1 },
      directions: [direction('source', 7)],
      problem: null,
    }),
  );
  const id = 'm1;sync;<zookeeper>';
  await seen.until(
    'the synchronisation',
    () => latest(seen.node('zookeeper', id), 'sync_state') === 'synced',
  );
  const leader = (await ensemble.waitForQuorum()).connectString;
  const alone = other.servers[0]?.connectString ?? '';
  await seen.until('its way from the leader', () => targets(nodeId(leader)).includes(id));
  expect(targets(id)).toEqual([nodeId(alone)]);
  const node = seen.node('zookeeper', id);
  expect(node?.metrics.get('zk_sync_lag_ms')?.values).toEqual([7]);
  expect(latest(node, 'sync_conflicts_held')).toBe('1');
  coordinator.answers.set('/api/v1/sync/status', syncOf(null));
  await seen.until('its end', () => seen.node('zookeeper', id) === undefined);
  expect(targets(nodeId(leader))).toEqual([]);
  expect([...coordinator.authorizations]).toEqual(['Bearer t']);
});

it('a server that is down is shown as such, and its successor as the leader', async () => {
  const leader = await ensemble.waitForQuorum();
  await leader.stop();
  const address = leader.connectString;
  await seen.until('its end', () => roleOf(address) === 'does not serve');
  await seen.until('another leader', () => roles().join() === 'does not serve,follower,leader');
});
