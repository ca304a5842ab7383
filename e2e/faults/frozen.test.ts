/** SIGSTOP for longer than a session: connections stay open, nothing answers, and then it goes on as if nothing had been. */
import { type Ensemble, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, test } from 'vitest';
import type { EngineProcess } from './engine.ts';
import { expectIntact } from './intact.ts';
import { openStage, pause, type Stage } from './stage.ts';

/** The most that servers grant to the sessions that own copies; clients ask for more and get the same. */
const longestSessionMs = 5_000;
/** The others have elected another leader before the sessions run out: a leader that comes back in time ends them itself. */
const config = { maxSessionTimeout: String(longestSessionMs), syncLimit: '4' };
let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ source: { config }, target: { config } });
});

afterAll(() => stage.close());

async function syncing(): Promise<EngineProcess> {
  const engine = await stage.engine();
  await engine.lead();
  return engine;
}

async function freezeLeader(ensemble: Ensemble): Promise<void> {
  const leader = await ensemble.waitForQuorum();
  leader.pause();
  await pause(longestSessionMs + 1_000);
  leader.resume();
  await ensemble.waitForQuorum();
}

test.each(['source', 'target'] as const)('the frozen leader of the %s', async (side) => {
  await using engine = await syncing();
  const load = await stage.load(`frozen-${side}`);
  await freezeLeader(stage[side]);
  // The mirror sessions there may run out with the rest; their copies come back.
  await expectIntact({ stage, engine, load, copiesMayReturn: true });
});

test('a frozen engine loses its copies for a while, and no original', async () => {
  await using engine = await syncing();
  const load = await stage.load('frozen-engine');
  engine.signal('SIGSTOP');
  const areGone = async () => {
    const copiesThere = await Promise.all(load.holders.map((holder) => holder.copyIsThere()));
    return !copiesThere.includes(true);
  };
  await waitFor(areGone, { what: 'the copies to expire' });
  engine.signal('SIGCONT');
  await expectIntact({ stage, engine, load, copiesMayReturn: true });
});
