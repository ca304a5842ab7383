/** Writes through servers that are killed and frozen again and again: what was acknowledged must be there. */
import { type EnsembleServer, startEnsemble } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { connect, nextSequence, ZooKeeperError } from '../src/index.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('no acknowledged write is lost, none is made twice, and the session lives through it', async () => {
  await using ensemble = await startEnsemble({ servers: 3 });
  const client = await connect({
    connectString: ensemble.connectString,
    sessionTimeoutMs: 20_000,
    maxInFlight: 50,
  });
  const { sessionId } = client;
  await client.create('/faults');
  await client.create('/faults/session', null, { mode: 'ephemeral' });

  const acknowledged = new Map<number, bigint>();
  const unknown = new Set<number>();
  let stop = false;
  let next = 0;
  const write = async (i: number) => {
    try {
      acknowledged.set(i, (await client.create(`/faults/${i}`)).zxid);
    } catch (error) {
      if (!(error instanceof ZooKeeperError) || error.code !== 'ConnectionLoss') throw error;
      unknown.add(i);
    }
  };
  const writing = (async () => {
    const writes: Promise<void>[] = [];
    while (!stop) {
      if (!client.hasCapacity) await client.capacity();
      writes.push(write(next++));
      if (next % 20 === 0) await pause(1);
    }
    await Promise.all(writes);
  })();

  const connectedTo = (): EnsembleServer | undefined =>
    ensemble.servers.find(({ connectString }) => connectString === client.server);
  for (let fault = 0; fault < 3; fault++) {
    await pause(500);
    const server = connectedTo() ?? ensemble.servers[fault]!;
    await server.kill();
    await client.connected();
    await server.start();
    await ensemble.waitForQuorum();
  }
  await client.connected();
  stop = true;
  await writing;

  expect(client.sessionId).toBe(sessionId);
  await client.sync();
  const { children, stat } = await client.getChildren2('/faults');
  const present = new Set(children.filter((name) => name !== 'session').map(Number));
  expect([...acknowledged.keys()].filter((i) => !present.has(i))).toEqual([]);
  expect([...present].filter((i) => !acknowledged.has(i) && !unknown.has(i))).toEqual([]);
  expect(nextSequence(stat)).toBe(children.length);
  expect(unknown.size).toBeGreaterThan(0);
  expect(acknowledged.size + unknown.size).toBe(next);
  const zxids = [...acknowledged].sort(([a], [b]) => a - b).map(([, zxid]) => zxid);
  expect(zxids).toEqual([...zxids].sort((a, b) => (a < b ? -1 : 1)));
  expect((await client.exists('/faults/session')).stat?.ephemeralOwner).toBe(sessionId);
  await client.close();
});
