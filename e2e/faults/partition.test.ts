/** Packets that vanish without a trace between hosts; the servers of a side are on one host, the engine on another. */
import { createNetwork, type Network, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineProcess } from './engine.ts';
import { expectIntact } from './intact.ts';
import { openStage, pause, type Stage } from './stage.ts';

let network: Network;
let stage: Stage;

beforeAll(async () => {
  network = await createNetwork(['a', 'b', 'engine']);
  stage = await openStage({ network });
});

afterAll(async () => {
  await stage.close();
  await network.close();
});

const cutMs = 4_000;

async function lagFrom(engine: EngineProcess, side: 'source' | 'target'): Promise<number> {
  const { directions } = await engine.status();
  return directions.find(({ from }) => from === side)?.lagNowMs ?? Number.NaN;
}

test.each([
  { name: 'A|engine', cut: 'a', near: 0, far: 1 },
  { name: 'engine|B', cut: 'b', near: 1, far: 0 },
])(
  '$name: nothing is concluded from silence, and everything arrives afterwards',
  async ({ cut, near, far }) => {
    await using engine = await stage.engine({}, network.host('engine'));
    await engine.lead();
    const load = await stage.load(`cut-${cut}`);
    await network.cut(cut, 'engine');
    await pause(1_000);
    const [gone, kept] = [load.holders[near], load.holders[far]];
    // Its owner ends where the engine cannot see it: its copy has to stay until there is evidence.
    await gone?.release();
    await pause(cutMs);
    expect(await gone?.copyIsThere()).toBe(true);
    expect(await kept?.copyIsThere()).toBe(true);
    expect(await lagFrom(engine, cut === 'a' ? 'target' : 'source')).toBeGreaterThan(cutMs / 2);
    await network.heal();
    const isGone = async () => (await gone?.copyIsThere()) === false;
    await waitFor(isGone, { what: 'the copy to go once its end is known' });
    await expectIntact({ stage, engine, load: { ...load, holders: kept === undefined ? [] : [kept] } });
  },
);

test('A|B: an engine that reaches both carries on', async () => {
  await using engine = await stage.engine({}, network.host('engine'));
  await engine.lead();
  await network.cut('a', 'b');
  const load = await stage.load('cut-a-b');
  await pause(3_000);
  // What is not carried lags ever more, until the cut is healed.
  const isCarried = async () => (await lagFrom(engine, 'source')) < 2_000;
  await waitFor(isCarried, { what: 'changes to be carried', intervalMs: 5 });
  expect((await engine.status()).state).toBe('syncing');
  await network.heal();
  await expectIntact({ stage, engine, load });
});

test('A|B with the engine beside A, and then packets in one direction only', async () => {
  await using engine = await stage.engine({}, network.host('a'));
  await engine.lead();
  const load = await stage.load('beside-a');
  await network.cut('a', 'b');
  await pause(3_000);
  await network.heal();
  await pause(1_500);
  await network.cutOneWay('b', 'a');
  await pause(3_000);
  await network.heal();
  await expectIntact({ stage, engine, load });
});
