/** The observer on a real ensemble of three: how it joins, how it resumes, and what it does when it falls behind. */
import { type Ensemble, startEnsemble, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connect,
  epochOf,
  type ObserverEvent,
  observe,
  probeLeader,
  type ZooKeeperClient,
  type ZooKeeperError,
} from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';
import { writeEverything } from './reference/writes.ts';

let ensemble: Ensemble;
let client: ZooKeeperClient;
let servers: string[];

beforeAll(async () => {
  ensemble = await startEnsemble({ jvmFlags: ['-Dzookeeper.extendedTypesEnabled=true'] });
  client = await connect({ connectString: ensemble.connectString });
  servers = quorumAddresses(ensemble);
});

afterAll(async () => {
  await client?.close();
  await ensemble?.close();
});

/** Until what `wanted` looks for has come; leaves the observer closed. */
async function eventsUntil(
  options: Parameters<typeof observe>[0],
  wanted: (event: ObserverEvent) => boolean,
) {
  const events: ObserverEvent[] = [];
  for await (const event of observe(options)) {
    events.push(event);
    if (wanted(event)) break;
  }
  return events;
}

describe('joining', () => {
  test('takes a snapshot, then every transaction, each confirmed by its digest', async () => {
    await client.create('/before', 'here already');
    await using run = new MirrorRun({ servers }, { retainData: true });
    await run.until('the snapshot', () => run.story.includes('synced'));
    const session = await connect({ connectString: ensemble.connectString });
    await run.reached(await writeEverything(session, '/kinds', true));
    // A transaction that its digest confirms may come before the leader says that it is all.
    const joining = run.story.filter((each) => each !== 'consistent').slice(0, 4);
    expect(joining).toEqual(['connected', 'snapshot', 'snapshotEnd', 'synced']);
    expect(run.tree.get('/before')?.data?.toString()).toBe('here already');
    expect(run.tree.children('/kinds')).toContain('/kinds/umlaut-é-日本');
    expect(run.tree.state).toBe('verified');
    // Only failed writes carry no digest: four of them.
    expect(run.zxids.length - run.verified).toBeLessThanOrEqual(4);

    const sessionId = session.session?.id ?? 0n;
    expect([...run.tree.sessions()].map(({ id }) => id)).toContain(sessionId);
    expect(run.tree.ephemeralsOf(sessionId)).toHaveLength(4);
    await session.close();
    await run.reached((await client.setData('/before', 'x')).zxid);
    expect(run.tree.ephemeralsOf(sessionId)).toEqual([]);
    expect(run.tree.state).toBe('verified');
    await run.stop();
  });

  test('a mirror without data, or on disk, comes to the same digest', async () => {
    await using bare = new MirrorRun({ servers });
    await using spilled = new MirrorRun({ servers }, { maxNodesInMemory: 8 });
    await bare.until('the snapshot', () => bare.story.includes('synced'));
    await spilled.until('the snapshot', () => spilled.story.includes('synced'));
    const zxid = await writeEverything(client, '/storages', true);
    await Promise.all([bare.reached(zxid), spilled.reached(zxid)]);
    expect(spilled.tree.onDisk).toBe(true);
    expect(spilled.tree.digest).toBe(bare.tree.digest);
    expect([bare.tree.state, spilled.tree.state]).toEqual(['verified', 'verified']);
  });

  test('says which server said what when none leads', async () => {
    const [event] = await eventsUntil({ servers: ['127.0.0.1:1'] }, () => true);
    expect(event).toMatchObject({ type: 'unreachable', reason: { code: 'NoLeader', retryable: true } });
    expect((event as { reason: Error }).reason.message).toMatch(
      /127\.0\.0\.1:1: .*ECONNREFUSED.*quorum ports/s,
    );
    expect(() => observe({ servers: ['localhost'] })).toThrow(/host:port/);
  });

  test('finds out where it could join, and takes nothing', async () => {
    const found = await probeLeader({ servers });
    const leader = await ensemble.waitForQuorum();
    expect(found).toEqual({
      server: `${leader.host}:${leader.quorumPort}`,
      epoch: epochOf((await client.setData('/', '')).zxid),
    });
    await expect(probeLeader({ servers: ['127.0.0.1:1'] })).rejects.toMatchObject({ code: 'NoLeader' });
  });

  test('refuses a leader of an older epoch', async () => {
    const [event] = await eventsUntil({ servers, lowestEpoch: 1000 }, () => true);
    expect((event as { reason: Error }).reason.message).toMatch(/epoch 1000 was seen before/);
  });
});

describe('resuming', () => {
  test('goes on by DIFF from any recent transaction, without a tree', async () => {
    const { zxid } = await client.create('/resume', 'start');
    const later: bigint[] = [];
    for (let i = 0; i < 20; i++) later.push((await client.setData('/resume', `${i}`)).zxid);
    const events = await eventsUntil(
      { servers, resumeFrom: zxid },
      (event) => event.type === 'txns' && event.txns.some((txn) => txn.zxid === later.at(-1)),
    );
    expect(events.map((event) => event.type).slice(0, 2)).toEqual(['connected', 'diff']);
    const zxids = events.flatMap((event) => (event.type === 'txns' ? event.txns.map((txn) => txn.zxid) : []));
    expect(zxids.filter((seen) => later.includes(seen))).toEqual(later);
    expect(zxids[0]).toBe(zxid + 1n);
  });

  test('reports a snapshot where the leader cannot go back so far', async () => {
    const events = await eventsUntil({ servers, resumeFrom: 5n }, (event) => event.type === 'snapshotEnd');
    expect(events.map((event) => event.type).slice(0, 2)).toEqual(['connected', 'snapshot']);
  });

  test('starts over when the leader does not know the transaction', async () => {
    const { zxid } = await client.setData('/', 'now');
    const options = { servers, resumeFrom: zxid + 1000n };
    const events = await eventsUntil(options, (event) => event.type === 'snapshotEnd');
    const story = events.map((event) => event.type).filter((type) => type !== 'nodes' && type !== 'sessions');
    expect(story).toEqual(['connected', 'trunc', 'disconnected', 'connected', 'snapshot', 'snapshotEnd']);
  });
});

describe('a slow consumer', () => {
  async function writeMuch(count: number): Promise<bigint> {
    const value = Buffer.alloc(1000, 'x');
    const replies = await Promise.all(Array.from({ length: count }, () => client.setData('/', value)));
    return replies.at(-1)?.zxid ?? 0n;
  }

  test('finds everything in the spool, in memory and on disk', async () => {
    const observer = observe({ servers, spool: { maxMemoryBytes: 100_000 } });
    const events = observer[Symbol.asyncIterator]();
    let event = (await events.next()).value;
    while (event?.type !== 'synced') event = (await events.next()).value;
    const last = await writeMuch(500);
    await waitFor(() => (observer.waiting.disk > 300_000 ? true : undefined), { what: 'a file' });
    const zxids: bigint[] = [];
    while (zxids.at(-1) !== last) {
      const next = (await events.next()).value;
      if (next?.type === 'txns') zxids.push(...next.txns.map((txn) => txn.zxid));
    }
    expect(zxids).toEqual(zxids.map((_, index) => (zxids[0] ?? 0n) + BigInt(index)));
    expect(observer.waiting.disk).toBeLessThan(1000); // pings may have come meanwhile
    await events.return?.(undefined);
  });

  test('is cut off at the limit, and goes on from there once it has caught up', async () => {
    const observer = observe({ servers, spool: { maxMemoryBytes: 50_000, maxDiskBytes: 50_000 } });
    const events = observer[Symbol.asyncIterator]();
    let event = (await events.next()).value;
    while (event?.type !== 'synced') event = (await events.next()).value;
    // Far more than the spool holds, since some of it may still be on its way when the last is acknowledged.
    const last = await writeMuch(2_000);
    const zxids: bigint[] = [];
    const story: string[] = [];
    while (zxids.at(-1) !== last) {
      const next = (await events.next()).value;
      if (next?.type === 'txns') zxids.push(...next.txns.map((txn) => txn.zxid));
      else
        story.push(
          next?.type === 'disconnected' ? (next.reason as ZooKeeperError).code : (next?.type ?? 'end'),
        );
    }
    expect(story.filter((type) => type !== 'consistent').slice(0, 3)).toEqual([
      'SpoolFull',
      'connected',
      'diff',
    ]);
    expect(zxids).toEqual(zxids.map((_, index) => (zxids[0] ?? 0n) + BigInt(index)));
    await events.return?.(undefined);
  });
});
