import { seededRandom } from '@orchestrator/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineProcess } from './engine.ts';
import { expectIntact } from './intact.ts';
import { openStage, pause, type Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.close());

/** `FAULTS_SEED` repeats a run. */
const seed = Number(process.env.FAULTS_SEED ?? 2_061);

test('servers of both sides and the engine, killed at random moments under load', async () => {
  const random = seededRandom(seed);
  let engine: EngineProcess = await stage.engine();
  await engine.lead();
  const load = await stage.load('kills');
  const killed: string[] = [];
  const killServer = async (ensemble: Stage['source'], name: string) => {
    const server = ensemble.server(1 + random.below(ensemble.servers.length));
    killed.push(`${name}${server.id}`);
    await server.kill();
    await pause(random.below(800));
    await server.start();
    await ensemble.waitForQuorum();
  };
  const killEngine = async () => {
    killed.push('engine');
    await engine.kill();
    await pause(random.below(300));
    engine = await stage.engine();
    await engine.lead();
  };
  const kills = [
    () => killServer(stage.target, 'b'),
    killEngine,
    // Both at once: the engine comes back to an ensemble that elects.
    () => Promise.all([killServer(stage.target, 'b'), killEngine()]),
    () => Promise.all([killServer(stage.source, 'a'), killServer(stage.target, 'b')]),
  ];
  for (const kill of kills) {
    await pause(random.below(600));
    await kill();
  }
  await expectIntact({ stage, engine, load });
  expect(killed, `seed ${seed}`).toHaveLength(6);
});
