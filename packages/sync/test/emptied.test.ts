/** An ensemble followed over the client port that begins again with nothing. What it lacks was not deleted by its clients. */
import { type Ensemble, startEnsemble, startProxy, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CaptureMode, EnsembleAccess, SyncEngine } from '../src/engine-types.ts';
import { type Pair, pairOf, settleMs, startSyncing } from './engines.ts';
import { clientOf } from './ensembles.ts';

let source: Ensemble;
let target: Ensemble;

/** One server: quick to empty, and its epoch is the number of its starts. */
const start = () => startEnsemble({ servers: 1, config: { standaloneEnabled: 'false' } });

beforeAll(async () => {
  [source, target] = await Promise.all([start(), start()]);
});

beforeEach(async () => {
  await Promise.all([empty(source), empty(target)]);
});

afterAll(() => Promise.all([source.close(), target.close()]));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function empty(ensemble: Ensemble): Promise<void> {
  await Promise.all(ensemble.servers.map((server) => server.kill()));
  await Promise.all(ensemble.servers.map((server) => server.wipe()));
  await ensemble.start();
  await ensemble.waitForQuorum();
}

async function restart(ensemble: Ensemble): Promise<void> {
  await Promise.all(ensemble.servers.map((server) => server.restart()));
  await ensemble.waitForQuorum();
}

/** An engine that has carried 20 nodes to the target. */
async function carry(pair: Pair, mode: CaptureMode, access?: EnsembleAccess): Promise<SyncEngine> {
  await pair.a.create('/kept', 'by the source');
  for (let i = 0; i < 20; i++) await pair.a.create(`/kept/${i}`, `${i}`);
  const engine = pair.engine({
    capture: { source: mode, target: mode },
    ...(access === undefined ? {} : { target: access }),
  });
  await startSyncing(engine);
  await engine.settled(settleMs);
  return engine;
}

/** With a client of its own: the servers take none that has seen more than they have. */
async function childrenOf(ensemble: Ensemble): Promise<number> {
  const client = await clientOf(ensemble);
  try {
    await client.sync('/');
    return (await client.exists('/kept')).stat?.numChildren ?? 0;
  } finally {
    await client.close();
  }
}

async function untilProblem(engine: SyncEngine, text: RegExp): Promise<void> {
  await waitFor(() => text.test(engine.status().problem ?? ''), {
    what: () => `a problem like ${text}: ${engine.status().state}, ${engine.status().problem}`,
  });
}

async function untilFilled(pair: Pair, children: number): Promise<void> {
  const isFilled = async () => (await childrenOf(target)) === children;
  await waitFor(isFilled, { what: 'the target to be filled again' });
  expect((await pair.a.getChildren('/kept')).children).toHaveLength(children);
}

for (const mode of ['watch', 'scan'] as const) {
  test(`a target emptied, and behind what ${mode} has seen, is reported and filled again`, async () => {
    await using pair = await pairOf(source, target);
    const engine = await carry(pair, mode);
    await empty(target);
    await pair.a.create('/kept/meanwhile', null);
    await untilProblem(engine, /the target had committed 0x.*emptied, replaced.*Make sure/);
    await untilFilled(pair, 21);
    await engine.settled(settleMs);
    expect((await engine.verify()).differences).toEqual([]);
    expect(engine.status().problem).toBeNull();
  });
}

test('an emptied source is reported and refused, and the target keeps everything', async () => {
  await using pair = await pairOf(source, target);
  const engine = await carry(pair, 'watch');
  await empty(source);
  await untilProblem(engine, /the source had committed 0x.*Make sure/);
  await untilProblem(engine, /the source was emptied or replaced.*adoptTarget/);
  expect(await childrenOf(target)).toBe(20);
});

test('a target emptied during a read, and ahead of what was seen, does not empty the source', async () => {
  await using pair = await pairOf(source, target);
  const [server] = target.servers;
  await using proxy = await startProxy({ target: { host: server!.host, port: server!.clientPort } });
  const engine = await carry(pair, 'watch', { connectString: proxy.connectString });
  await pause(2_000); // no write of the engine's is under way any more, whose failure would tell
  proxy.stall();
  await pause(1_500); // a read of the capture's is
  await empty(target);
  await restart(target);
  proxy.heal();
  await untilFilled(pair, 20);
  await engine.settled(settleMs);
  expect((await engine.verify()).differences).toEqual([]);
});
