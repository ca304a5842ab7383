import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConflictStrategy } from '../src/core/types.ts';
import type { SyncEngine } from '../src/engine-types.ts';
import { type Pair, settleMs, startPair, startSyncing } from './engines.ts';

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.close());

async function textOf(client: Pair['a'], path: string): Promise<string | undefined> {
  await client.sync('/');
  return (await client.getData(path)).data?.toString();
}

/** Both sides change the node while nobody carries it. */
async function collide(path: string, strategy: ConflictStrategy): Promise<SyncEngine> {
  const first = pair.engine({ conflictStrategy: strategy });
  await startSyncing(first);
  await pair.a.create(path, 'before');
  await first.settled(settleMs);
  await first.stop();
  await pair.b.sync('/');
  await pair.a.setData(path, 'by the source');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await pair.b.setData(path, 'by the target');
  const second = pair.engine({ conflictStrategy: strategy });
  await startSyncing(second);
  return second;
}

test('last-write-wins takes the later change on both sides, and keeps the other in the record', async () => {
  const engine = await collide('/lww', 'last-write-wins');
  await engine.settled(settleMs);
  expect(await textOf(pair.a, '/lww')).toBe('by the target');
  expect(await textOf(pair.b, '/lww')).toBe('by the target');
  const [conflict] = await engine.conflicts.list();
  expect(conflict).toMatchObject({ path: '/lww', decision: 'target', strategy: 'last-write-wins' });
  expect(conflict?.source?.data?.toString()).toBe('by the source');
  expect(conflict?.target?.data?.toString()).toBe('by the target');
  expect((await engine.verify()).differences).toEqual([]);
  await engine.stop();
});

test('source-wins takes the source’s change', async () => {
  const engine = await collide('/source-wins', 'source-wins');
  await engine.settled(settleMs);
  expect(await textOf(pair.b, '/source-wins')).toBe('by the source');
  expect((await engine.conflicts.list()).filter(({ path }) => path === '/source-wins')).toMatchObject([
    { decision: 'source' },
  ]);
  expect((await engine.verify()).differences).toEqual([]);
  await engine.stop();
});

test('manual holds the node on both sides until an operator chooses', async () => {
  const engine = await collide('/manual', 'manual');
  await waitFor(() => engine.status().conflicts.held === 1, { what: 'the conflict to be held' });
  await pair.a.create('/elsewhere', 'goes on');
  await waitFor(async () => (await pair.b.exists('/elsewhere')).stat, { what: 'other changes to travel' });
  expect(await textOf(pair.a, '/manual')).toBe('by the source');
  expect(await textOf(pair.b, '/manual')).toBe('by the target');
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  expect(report.expected.map(({ path }) => path)).toContain('/manual');

  const [held] = await engine.conflicts.list({ held: true });
  await engine.conflicts.resolve(held!.id, 'source');
  await waitFor(async () => (await textOf(pair.b, '/manual')) === 'by the source', {
    what: 'the choice to be applied',
  });
  await waitFor(() => engine.status().conflicts.held === 0, { what: 'the conflict to be resolved' });
  expect(await engine.conflicts.show(held!.id)).toMatchObject({ decision: 'source' });
  expect((await engine.verify()).differences).toEqual([]);
  await engine.stop();
});

test('changes on both sides at once, with the engine running, end equal, and each lost one is on record', async () => {
  const engine = pair.engine();
  await startSyncing(engine);
  await pair.a.create('/hot', '0');
  await engine.settled(settleMs);
  await pair.b.sync('/');
  const before = engine.status().conflicts.total;
  const write = async (client: Pair['a'], name: string) => {
    for (let i = 0; i < 150; i++) await client.setData('/hot', `${name} ${i}`);
  };
  await Promise.all([write(pair.a, 'a'), write(pair.b, 'b')]);
  await engine.settled(settleMs);
  expect(await textOf(pair.a, '/hot')).toBe(await textOf(pair.b, '/hot'));
  expect(engine.status().conflicts.total).toBeGreaterThan(before);
  expect((await engine.verify()).differences).toEqual([]);
  await engine.stop();
});
