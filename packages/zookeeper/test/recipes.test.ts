/** The recipes among several clients of a real server: exclusion, hand-over, and lost replies. */
import { type Ensemble, startEnsemble, waitFor } from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type ClientOptions,
  connect,
  DistributedAtomicLong,
  DistributedBarrier,
  DistributedDoubleBarrier,
  GroupMember,
  InterProcessMutex,
  LeaderLatch,
  LeaderSelector,
  PersistentNode,
  SharedCount,
  type ZooKeeperClient,
} from '../src/index.ts';
import { expireSession } from './expire-session.ts';
import { unreliable } from './unreliable-transport.ts';

let ensemble: Ensemble;
const clients: ZooKeeperClient[] = [];
let path: string;
let tests = 0;

async function open(options: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> {
  const client = await connect({
    connectString: ensemble.connectString,
    sessionTimeoutMs: 10_000,
    ...options,
  });
  clients.push(client);
  return client;
}

const expire = (client: ZooKeeperClient) => expireSession(client, ensemble.connectString);

beforeAll(async () => {
  ensemble = await startEnsemble({ servers: 1 });
});

beforeEach(() => {
  path = `/recipes/test-${++tests}`;
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await ensemble?.close();
});

describe('InterProcessMutex', () => {
  test('one holder at a time, in order, with growing fencing tokens', async () => {
    const all = await Promise.all([open(), open(), open()]);
    const tokens: bigint[] = [];
    let holders = 0;
    await Promise.all(
      all.flatMap((client) => {
        const mutex = new InterProcessMutex(client, path);
        return Array.from({ length: 5 }, () =>
          mutex.withLock(async (lease) => {
            expect(++holders).toBe(1);
            await client.exists('/');
            tokens.push(lease.fencingToken);
            holders--;
          }),
        );
      }),
    );
    expect(tokens).toHaveLength(15);
    expect(tokens).toEqual([...tokens].sort((a, b) => (a < b ? -1 : 1)));
    expect((await all[0].getChildren(path)).children).toEqual([]);
  });

  test('gives up in time and leaves the queue', async () => {
    const [first, second] = [
      new InterProcessMutex(await open(), path),
      new InterProcessMutex(await open(), path),
    ];
    const lease = await first.acquire();
    await expect(second.acquire({ timeoutMs: 100 })).rejects.toMatchObject({
      code: 'OperationTimeout',
      path,
    });
    const signal = AbortSignal.timeout(100);
    await expect(second.acquire({ signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await first.participants()).toHaveLength(1);
    await lease.release();
    await lease.release();
    expect(second.isHeld).toBe(false);
    await (await second.acquire({ timeoutMs: 5000 })).release();
  });

  test('a reentrant one is free after as many releases', async () => {
    const mutex = new InterProcessMutex(await open(), path, { reentrant: true });
    const outer = await mutex.acquire();
    const inner = await mutex.acquire();
    expect(inner.fencingToken).toBe(outer.fencingToken);
    await outer.release();
    expect(mutex.isHeld).toBe(true);
    await inner.release();
    expect(mutex.isHeld).toBe(false);
    expect(await mutex.participants()).toEqual([]);
  });

  test('passes on when the holder loses its session, which the holder hears of', async () => {
    const [holder, next] = [await open(), await open()];
    const lease = await new InterProcessMutex(holder, path).acquire();
    const waiting = new InterProcessMutex(next, path).acquire();
    await expire(holder);
    expect(lease.signal.aborted).toBe(true);
    expect((await waiting).fencingToken).toBeGreaterThan(lease.fencingToken);
    await lease.release();
    expect((await waiting).signal.aborted).toBe(false);
  });

  test('a waiter that loses its session waits on, at the end of the queue', async () => {
    const [holder, waiter] = [await open(), await open()];
    const lease = await new InterProcessMutex(holder, path).acquire();
    const mutex = new InterProcessMutex(waiter, path);
    const waiting = mutex.acquire();
    await waitFor(async () => (await mutex.participants()).length === 2, { what: 'the waiter' });
    await expire(waiter);
    await waitFor(async () => (await mutex.participants()).length === 2, { what: 'the waiter again' });
    await lease.release();
    await (await waiting).release();
  });

  test('a reply lost with its connection leaves no second node behind', async () => {
    const faults = unreliable();
    const client = await open({ transport: faults.transport });
    const mutex = new InterProcessMutex(client, path);
    await (await mutex.acquire()).release();
    faults.loseNextReply();
    const lease = await mutex.acquire();
    expect(faults.lost).toBe(1);
    expect(await mutex.participants()).toHaveLength(1);
    await lease.release();
    expect(await mutex.participants()).toEqual([]);
  });
});

describe('LeaderLatch', () => {
  test('one leads, the next one follows, and a lost session ends it', async () => {
    const [a, b] = [await open(), await open()];
    await using first = new LeaderLatch(a, path, { id: 'a' });
    await using second = new LeaderLatch(b, path, { id: 'b' });
    const events: string[] = [];
    for (const latch of [first, second]) {
      latch.on('leader', () => events.push(`${latch.id} leads`));
      latch.on('notLeader', () => events.push(`${latch.id} does not`));
    }
    first.start();
    await first.waitForLeadership();
    second.start();
    await waitFor(async () => (await second.participants()).length === 2, { what: 'two participants' });
    expect(await second.leader()).toMatchObject({ id: 'a' });
    expect(second.hasLeadership).toBe(false);
    await expire(a);
    await second.waitForLeadership();
    await waitFor(async () => (await second.participants()).map(({ id }) => id).join() === 'b,a', {
      what: 'b, a',
    });
    await second.close();
    await first.waitForLeadership();
    // While its session is being taken from it, a may get it back and lead once more.
    expect(events.join()).toMatch(/^(a leads,a does not,)+b leads,b does not,a leads$/);
  });

  test('a leader whose node is deleted is deposed', async () => {
    const client = await open();
    await using latch = new LeaderLatch(client, path);
    latch.start();
    await latch.waitForLeadership();
    const deposed = new Promise((resolve) => latch.once('notLeader', () => resolve(true)));
    await client.delete((await latch.leader())!.path);
    expect(await deposed).toBe(true);
    await latch.waitForLeadership(AbortSignal.timeout(10_000));
  });
});

test('LeaderSelector: each gets its turn, one at a time', async () => {
  const turns: string[] = [];
  let leaders = 0;
  const selectors = (await Promise.all([open(), open(), open()])).map((client, i) => {
    return new LeaderSelector(
      client,
      path,
      async () => {
        expect(++leaders).toBe(1);
        turns.push(`${i}`);
        await client.exists('/');
        leaders--;
      },
      { autoRequeue: i === 0, id: `${i}` },
    );
  });
  const [first, ...others] = selectors.map((selector) => selector.start());
  await Promise.all(others);
  await waitFor(() => turns.filter((turn) => turn === '0').length >= 3, { what: 'three turns' });
  await selectors[0]!.close();
  await first;
  expect(turns.filter((turn) => turn !== '0').sort()).toEqual(['1', '2']);
});

test('LeaderSelector: leadership is interrupted when it is in doubt', async () => {
  const client = await open();
  const reasons: unknown[] = [];
  await using selector = new LeaderSelector(client, path, (signal) => {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason.message);
        resolve();
      });
    });
  });
  void selector.start();
  await waitFor(() => selector.hasLeadership, { what: 'leadership' });
  await expire(client);
  await waitFor(() => selector.hasLeadership, { what: 'leadership again' });
  // More than one, if the session was got back while it was being taken away.
  expect(new Set(reasons)).toEqual(new Set(['the connection is suspended']));
  selector.interruptLeadership();
  await waitFor(() => reasons.at(-1) === 'leadership was interrupted', { what: 'the interruption' });
});

test('DistributedBarrier', async () => {
  const barrier = new DistributedBarrier(await open(), `${path}/b`);
  const other = new DistributedBarrier(await open(), `${path}/b`);
  expect(await other.waitOnBarrier()).toBe(true);
  await barrier.setBarrier();
  expect(await other.waitOnBarrier({ timeoutMs: 50 })).toBe(false);
  const waiting = other.waitOnBarrier();
  await barrier.removeBarrier();
  expect(await waiting).toBe(true);
});

test('DistributedDoubleBarrier: all begin together and end together', async () => {
  const members = (await Promise.all([open(), open(), open()])).map(
    (client) => new DistributedDoubleBarrier(client, path, 3),
  );
  expect(await members[0]!.enter({ timeoutMs: 50 })).toBe(false);
  for (let round = 0; round < 2; round++) {
    let inside = 0;
    await Promise.all(
      members.map(async (member) => {
        inside++;
        expect(await member.enter()).toBe(true);
        expect(inside).toBe(3);
        expect(await member.leave()).toBe(true);
      }),
    );
  }
});

test('DistributedAtomicLong loses no change', async () => {
  const counters = (await Promise.all([open(), open()])).map(
    (client) => new DistributedAtomicLong(client, path),
  );
  const changes = await Promise.all(
    counters.flatMap((counter) => Array.from({ length: 20 }, () => counter.increment())),
  );
  expect(new Set(changes.map(({ after }) => after)).size).toBe(40);
  const [counter] = counters;
  expect(await counter!.get()).toBe(40n);
  expect(await counter!.add(-50n)).toEqual({ before: 40n, after: -10n });
  expect(await counter!.compareAndSet(0n, 1n)).toBe(false);
  expect(await counter!.compareAndSet(-10n, 2n ** 62n)).toBe(true);
  await counter!.forceSet(7n);
  expect(await counter!.decrement()).toEqual({ before: 7n, after: 6n });
});

test('SharedCount is followed as it changes', async () => {
  const [a, b] = (await Promise.all([open(), open()])).map(
    (client) => new SharedCount(client, `${path}/n`, 5),
  );
  await Promise.all([a!.start(), b!.start()]);
  const seen = new Promise((resolve) => b!.once('change', resolve));
  expect(b!.count).toBe(5);
  await a!.setCount(6);
  expect(await seen).toBe(6);
  expect(await b!.trySetCount(7)).toBe(true);
  await waitFor(() => a!.count === 7, { what: 'the change' });
  await Promise.all([a!.close(), b!.close()]);
  await b!.setCount(8);
  expect(await a!.trySetCount(9)).toBe(false);
  expect(a!.count).toBe(8);
});

test('PersistentNode comes back, whoever deletes it and whichever session is lost', async () => {
  const [owner, other] = [await open(), await open()];
  const node = new PersistentNode(owner, `${path}/node`, { data: Buffer.from('x') });
  await node.start();
  const created = async () => {
    const { stat } = await other.exists(`${path}/node`);
    return stat?.ephemeralOwner === owner.sessionId && stat.czxid;
  };
  const first = await created();
  await other.delete(`${path}/node`);
  const second = await waitFor(created, { what: 'the node' });
  expect(second).toBeGreaterThan(first as bigint);
  await expire(owner);
  await waitFor(created, { what: 'the node in the new session' });
  await node.setData(Buffer.from('y'));
  expect((await other.getData(`${path}/node`)).data?.toString()).toBe('y');
  await node.close();
  expect((await other.exists(`${path}/node`)).stat).toBeNull();
});

test('GroupMember sees who comes, goes, and changes', async () => {
  const [a, b] = [await open(), await open()];
  const first = new GroupMember(a, path, 'a', { data: Buffer.from('1') });
  const second = new GroupMember(b, path, 'b', { data: Buffer.from('2') });
  const seen = () => [...first.members].map(([id, data]) => `${id}=${data}`).join();
  await first.start();
  expect(seen()).toBe('a=1');
  await second.start();
  await waitFor(() => seen() === 'a=1,b=2', { what: 'b' });
  await second.setData(Buffer.from('3'));
  await waitFor(() => seen() === 'a=1,b=3', { what: 'the change' });
  await expire(b);
  await waitFor(() => seen() === 'a=1,b=3', { what: 'b in its new session' });
  await second.close();
  await waitFor(() => seen() === 'a=1', { what: 'b to go' });
  await first.close();
});
