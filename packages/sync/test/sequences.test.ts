import { waitFor } from '@orchestrator/testing';
import { nextSequence, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SyncEngine } from '../src/engine-types.ts';
import { type Pair, settleMs, startPair, startSyncing } from './engines.ts';

const gap = 10_000;

let pair: Pair;
let engine: SyncEngine;

beforeAll(async () => {
  pair = await startPair();
  await pair.a.create('/old', null);
  await pair.a.create('/old/job-', 'before', { mode: 'persistentSequential' });
  engine = pair.engine();
  await startSyncing(engine);
});

afterAll(() => pair.close());

/** As of now: a server that a client is at may be behind the one that the engine writes to. */
async function childrenOf(client: ZooKeeperClient, path: string): Promise<string[]> {
  await client.sync(path);
  return (await client.getChildren(path)).children.sort();
}

async function counterOf(client: ZooKeeperClient, path: string): Promise<number> {
  const { stat } = await client.exists(path);
  return stat === null ? -1 : nextSequence(stat);
}

async function raised(path: string): Promise<void> {
  await waitFor(async () => (await counterOf(pair.b, path)) >= gap, { what: `the counter of ${path} on B` });
}

test('a parent that has sequential children already is raised at the start, and nothing of that is seen', async () => {
  await raised('/old');
  const made = await pair.b.create('/old/job-', 'after', { mode: 'persistentSequential' });
  expect(made.path).toBe(`/old/job-${`${gap + 1}`.padStart(10, '0')}`);
  await engine.settled(settleMs);
  expect(await childrenOf(pair.a, '/old')).toEqual(['job-0000000000', 'job-0000010001']);
  expect(await childrenOf(pair.b, '/old')).toEqual(['job-0000000000', 'job-0000010001']);
  expect(await counterOf(pair.a, '/old')).toBe(2);
});

test('sequence numbers of the two sides never collide, and the source’s members sort first', async () => {
  await pair.a.create('/queue', null);
  await pair.a.create('/queue/item-', null, { mode: 'persistentSequential' });
  await engine.settled(settleMs);
  const made = await Promise.all([
    ...Array.from({ length: 30 }, () => pair.a.create('/queue/item-', 'a', { mode: 'persistentSequential' })),
    ...Array.from({ length: 30 }, () => pair.b.create('/queue/item-', 'b', { mode: 'persistentSequential' })),
  ]);
  const names = made.map(({ path }) => path);
  expect(new Set(names).size).toBe(60);
  expect(names.slice(0, 30).sort().at(-1)! < names.slice(30).sort()[0]!).toBe(true);
  await engine.settled(settleMs);
  const [onA, onB] = await Promise.all([childrenOf(pair.a, '/queue'), childrenOf(pair.b, '/queue')]);
  expect(onA).toEqual(onB);
  expect(onA).toHaveLength(61);
  expect(engine.status().conflicts.total).toBe(0);
});

test('a parent whose first sequential child is made on the target is raised as well', async () => {
  await pair.b.create('/locks', null);
  await pair.b.create('/locks/lock-', null, { mode: 'ephemeralSequential' });
  await raised('/locks');
  await engine.settled(settleMs);
  expect(await childrenOf(pair.a, '/locks')).toEqual(['lock-0000000000']);
});

test('verification lists raised counters as expected, and finds no difference', async () => {
  await engine.settled(settleMs);
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  const raisedOnes = report.expected.filter(({ fields }) =>
    fields.some(({ field }) => field === 'sequence counter'),
  );
  expect(raisedOnes.map(({ path }) => path)).toEqual(expect.arrayContaining(['/locks', '/old', '/queue']));
});

test('where we may not delete children the ledger says so, and everything else goes on', async () => {
  const noDelete = [{ perms: 1 | 2 | 4 | 16, scheme: 'world', id: 'anyone' }];
  await pair.a.create('/audit', null, { acl: noDelete });
  await pair.a.create('/audit/entry-', 'x', { mode: 'persistentSequential' });
  await pair.a.create('/audit/entry-', 'y', { mode: 'persistentSequential' });
  await engine.settled(settleMs);
  expect(await childrenOf(pair.b, '/audit')).toHaveLength(2);
  const entry = await waitFor(
    async () => (await engine.ledger()).filter(({ path }) => path === '/audit').at(0),
    { what: 'the ledger entry' },
  );
  expect(entry.why).toMatch(/NoAuth.*reconcile/);
  await pair.a.setData('/audit', 'goes on');
  await engine.settled(settleMs);
  await pair.b.sync('/audit');
  expect((await pair.b.getData('/audit')).data?.toString()).toBe('goes on');
});
