import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pair, settleMs, startPair, startSyncing } from './engines.ts';
import { findLost, startWorkload } from './workload.ts';

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.close());

test('changes travel both ways while clients of both sides write, and nothing is lost', async () => {
  const engine = pair.engine();
  await startSyncing(engine);
  const writers = await Promise.all([
    startWorkload({
      client: pair.a,
      folder: '/a/data',
      writer: 'w1',
      nodes: 200,
      updatesPerS: 400,
      recreatePercent: 5,
    }),
    startWorkload({
      client: pair.b,
      folder: '/b/data',
      writer: 'w2',
      nodes: 200,
      updatesPerS: 200,
      recreatePercent: 5,
    }),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const busy = engine.status();
  await Promise.all(writers.map((writer) => writer.stop()));
  await engine.settled(settleMs);
  for (const writer of writers) {
    expect(writer.failed).toBe(0);
    expect(await findLost(pair.a, writer)).toEqual([]);
    expect(await findLost(pair.b, writer)).toEqual([]);
  }
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  expect(report.checksum.source).toBe(report.checksum.target);
  expect(busy.state).toBe('syncing');
  expect(busy.conflicts.total).toBe(0);
});
