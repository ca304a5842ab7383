import { waitFor } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SyncEngine } from '../src/engine-types.ts';
import { type Pair, settleMs, startPair } from './engines.ts';

let pair: Pair;
let engine: SyncEngine;

beforeAll(async () => {
  pair = await startPair();
  engine = pair.engine({ electionGroups: ['/election'] });
  await pair.a.create('/locks', null);
  await pair.a.create('/election', null);
  await engine.start();
});

afterAll(() => pair.close());

const open = (client: ZooKeeperClient) =>
  connect({ connectString: serversOf(client), sessionTimeoutMs: 10_000 });
const serversOf = (client: ZooKeeperClient) =>
  client === pair.a ? pair.source.connectString : pair.target.connectString;

async function ownerOn(client: ZooKeeperClient, path: string): Promise<bigint | undefined> {
  return (await client.exists(path)).stat?.ephemeralOwner;
}

test('an ephemeral appears on the other side in a session of its own and goes with its owner, both ways', async () => {
  for (const [near, far] of [
    [pair.a, pair.b],
    [pair.b, pair.a],
  ] as const) {
    const [one, two] = await Promise.all([open(near), open(near)]);
    await one.create('/locks/one', 'held');
    await one.delete('/locks/one');
    await one.create('/locks/one', 'held by one', { mode: 'ephemeral' });
    await one.create('/locks/also-one', null, { mode: 'ephemeral' });
    await two.create('/locks/two', null, { mode: 'ephemeral' });
    await waitFor(async () => (await ownerOn(far, '/locks/two')) && (await ownerOn(far, '/locks/also-one')), {
      what: 'the copies',
    });
    const owners = await Promise.all(
      ['one', 'also-one', 'two'].map((name) => ownerOn(far, `/locks/${name}`)),
    );
    expect(owners[0]).toBe(owners[1]);
    expect(owners[0]).not.toBe(owners[2]);
    expect(owners[0]).not.toBe(0n);
    expect((await far.getData('/locks/one')).data?.toString()).toBe('held by one');
    expect(engine.status().mirrorSessions).toBe(2);

    await one.close();
    await waitFor(async () => (await far.exists('/locks/one')).stat === null, { what: 'the copy to go' });
    expect(await ownerOn(far, '/locks/also-one')).toBeUndefined();
    expect(await ownerOn(far, '/locks/two')).not.toBeUndefined();
    await two.delete('/locks/two');
    await waitFor(async () => (await far.exists('/locks/two')).stat === null, { what: 'the copy to go' });
    await two.close();
    await waitFor(() => engine.status().mirrorSessions === 0, { what: 'the mirror sessions to end' });
  }
});

test('a lock held on one side keeps out a contender on the other', async () => {
  const [holder, contender] = await Promise.all([open(pair.a), open(pair.b)]);
  await holder.create('/locks/the-lock', null, { mode: 'ephemeral' });
  await waitFor(async () => ownerOn(pair.b, '/locks/the-lock'), { what: 'the copy' });
  await expect(contender.create('/locks/the-lock', null, { mode: 'ephemeral' })).rejects.toMatchObject({
    code: 'NodeExists',
  });
  await holder.close();
  await waitFor(() => contender.create('/locks/the-lock', null, { mode: 'ephemeral' }), { what: 'the lock' });
  await waitFor(async () => ownerOn(pair.a, '/locks/the-lock'), { what: 'the copy' });
  await contender.close();
  await waitFor(async () => (await pair.a.exists('/locks/the-lock')).stat === null, {
    what: 'the copy to go',
  });
});

test('members of an election group are copied as persistent nodes and removed with their owner', async () => {
  const candidate = await open(pair.a);
  const { path } = await candidate.create('/election/n_', 'me', { mode: 'ephemeralSequential' });
  await waitFor(async () => (await pair.b.exists(path)).stat, { what: 'the copy' });
  expect(await ownerOn(pair.b, path)).toBe(0n);
  await candidate.close();
  await waitFor(async () => (await pair.b.exists(path)).stat === null, { what: 'the copy to go' });
});

test('copies outlive a restart of the engine, in the same session', async () => {
  const holder = await open(pair.a);
  await holder.create('/locks/kept', null, { mode: 'ephemeral' });
  await waitFor(async () => ownerOn(pair.b, '/locks/kept'), { what: 'the copy' });
  const before = await ownerOn(pair.b, '/locks/kept');
  await engine.stop();
  const second = pair.engine({ electionGroups: ['/election'] });
  await second.start();
  await second.settled(settleMs);
  expect(await ownerOn(pair.b, '/locks/kept')).toBe(before);
  await holder.close();
  await waitFor(async () => (await pair.b.exists('/locks/kept')).stat === null, { what: 'the copy to go' });
  const report = await second.verify();
  expect(report.differences).toEqual([]);
  await second.stop();
});
