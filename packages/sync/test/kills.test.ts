import { seededRandom } from '@orchestrator/runtime';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pair, settleMs, startPair } from './engines.ts';
import { findLost, startWorkload, type Workload } from './workload.ts';

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function write(name: string): Promise<Workload[]> {
  return Promise.all([
    startWorkload({
      client: pair.a,
      folder: `/${name}/a`,
      writer: 'wa',
      nodes: 100,
      updatesPerS: 200,
      recreatePercent: 10,
    }),
    startWorkload({
      client: pair.b,
      folder: `/${name}/b`,
      writer: 'wb',
      nodes: 100,
      updatesPerS: 100,
      recreatePercent: 10,
    }),
  ]);
}

async function expectNothingLost(workloads: readonly Workload[]): Promise<void> {
  await Promise.all(workloads.map((workload) => workload.stop()));
  const engine = pair.engine();
  await engine.start();
  try {
    await waitFor(() => engine.status().state === 'syncing', { what: 'the engine to lead' });
    await engine.settled(settleMs);
    for (const workload of workloads) {
      expect(await findLost(pair.a, workload)).toEqual([]);
      expect(await findLost(pair.b, workload)).toEqual([]);
    }
    const report = await engine.verify();
    expect(report.differences).toEqual([]);
    expect(engine.status().conflicts.total).toBe(0);
  } finally {
    await engine.stop();
  }
}

const leads = '"state":"syncing"';

test('an engine killed again and again under load loses nothing and applies nothing twice', async () => {
  const random = seededRandom(20_261);
  let engine = await pair.engineProcess();
  await engine.logged(leads);
  const workloads = await write('kills');
  for (let kill = 0; kill < 3; kill++) {
    await pause(random.below(1_000));
    engine.process.signal('SIGKILL');
    await engine.process.exit;
    engine = await pair.engineProcess();
    await engine.logged(leads);
  }
  engine.process.signal('SIGKILL');
  await engine.process.exit;
  await expectNothingLost(workloads);
});

test('when the leading engine freezes or dies the other takes over, and the frozen one does no harm', async () => {
  const workloads = await write('takeover');
  const first = await pair.engineProcess();
  await first.logged(leads);
  const second = await pair.engineProcess();
  await second.logged('standby');
  first.process.signal('SIGSTOP');
  await second.logged(leads);
  await pause(500);
  first.process.signal('SIGCONT');
  await first.logged('standby');
  second.process.signal('SIGKILL');
  await pause(2_000);
  first.process.signal('SIGKILL');
  await Promise.all([first.process.exit, second.process.exit]);
  await expectNothingLost(workloads);
});
