/** How fast a backlog is drained, against what B takes at most, and whether the engine keeps up with writers who never rest. */
import { connect } from '@orchestrator/zookeeper';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { measureBareMultis } from '../sync/bare-multis.ts';
import { type EngineProcess, startEngine } from '../sync/engine.ts';
import { startPair } from '../sync/pair.ts';
import { countLost } from '../sync/values.ts';
import { startWriter, type Writer } from '../sync/writer.ts';

const folder = '/load';
const nodes = 10_000;
const window = 1000;
const settleTimeoutMs = 300_000;
const sampleMs = 500;

/** Updates per second from the resumption of a paused engine until B has everything. */
async function drain(engine: EngineProcess, writer: Writer, { quick, say }: SuiteOptions): Promise<number> {
  const updates = quick ? 50_000 : 200_000;
  await engine.pause();
  const { acknowledged, elapsedMs } = await writer.write({ updates, window });
  say(`${acknowledged} updates made in ${(elapsedMs / 1000).toFixed(1)} s while the engine was paused`);
  const startMs = performance.now();
  await engine.resume();
  await engine.settled(settleTimeoutMs);
  const drainPerS = (acknowledged / (performance.now() - startMs)) * 1000;
  say(`drained at ${Math.round(drainPerS)}/s`);
  return drainPerS;
}

interface Saturated {
  readonly appliedOverAcked: number;
  readonly ackedPerS: number;
  /** The age of the oldest change that B lacked, at its worst in the second half. */
  readonly lagMaxMs: number;
}

async function saturate(
  engine: EngineProcess,
  writer: Writer,
  { quick, say }: SuiteOptions,
): Promise<Saturated> {
  const durationMs = quick ? 10_000 : 60_000;
  const before = (await engine.report()).applied;
  const startMs = performance.now();
  const samples: number[] = [];
  const sampler = setInterval(() => {
    if (performance.now() - startMs < durationMs / 2) return;
    void engine.report().then(({ lagNowMs }) => samples.push(lagNowMs));
  }, sampleMs);
  const { acknowledged, elapsedMs } = await writer.write({ durationMs, window });
  clearInterval(sampler);
  const { applied } = await engine.report();
  const ackedPerS = (acknowledged / elapsedMs) * 1000;
  say(`${Math.round(ackedPerS)} updates/s acknowledged for ${(elapsedMs / 1000).toFixed(0)} s`);
  return { ackedPerS, appliedOverAcked: (applied - before) / acknowledged, lagMaxMs: Math.max(...samples) };
}

async function run(options: SuiteOptions): Promise<SuiteResult> {
  await using pair = await startPair({ heapMb: 384 });
  const { source, target, workFolder } = pair;
  const bareMs = options.quick ? 3_000 : 8_000;
  const bare = [await measureBareMultis(target.connectString, bareMs)];
  const writer = await startWriter(source.connectString, folder, nodes);
  const engine = await startEngine(source, target, workFolder);
  const reader = await connect({ connectString: target.connectString });
  try {
    await engine.settled(settleTimeoutMs);
    const drainPerS = await drain(engine, writer, options);
    const saturated = await saturate(engine, writer, options);
    await engine.settled(settleTimeoutMs);
    const lost = await countLost(reader, folder, await writer.acknowledged());
    await engine.close();
    bare.push(await measureBareMultis(target.connectString, bareMs));
    const barePerS = bare.reduce((sum, value) => sum + value, 0) / bare.length;
    return {
      metrics: {
        drainPerS,
        bareMultiPerS: barePerS,
        ackedPerS: saturated.ackedPerS,
        saturatedLagMaxMs: saturated.lagMaxMs,
        lost,
      },
      ratios: {
        appliedOverAcked: saturated.appliedOverAcked,
        drainOverBareMulti: drainPerS / barePerS,
      },
      notes: [
        'Bare multis: as many updates each as the engine sends, before and after the engine ran, on the same B.',
      ],
    };
  } finally {
    await reader.close();
    await engine.close();
    await writer.close();
  }
}

export const syncThroughput: Suite = {
  name: 'sync-throughput',
  about: 'a backlog drained, against bare multis; and writers who never rest',
  run,
};
