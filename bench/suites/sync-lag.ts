/** How long an update takes from its commit on one ensemble to its commit on the other, and what A's writers feel of it. */
import { connect } from '@orchestrator/zookeeper';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median, percentile } from '../statistics.ts';
import { startPacedMultis } from '../sync/bare-multis.ts';
import { accessTo, excludedFolder, startEngine } from '../sync/engine.ts';
import { type Pair, startPair } from '../sync/pair.ts';
import { startLagProbe } from '../sync/probe.ts';
import { countLost } from '../sync/values.ts';
import { startWriter, type Writer } from '../sync/writer.ts';

const folder = '/load';
const nodes = 1000;
const load = { perS: 1000, window: 2000 };
const barePerS = 100;
const settleTimeoutMs = 60_000;

interface Lag {
  readonly lagsMs: readonly number[];
  /** Of multis that somebody else wrote to the target meanwhile. */
  readonly bareMs: readonly number[];
  readonly acknowledged: number;
  readonly lost: number;
}

async function measureLag(pair: Pair, writer: Writer, { quick, say }: SuiteOptions): Promise<Lag> {
  const engine = await startEngine(pair.source, pair.target, pair.workFolder);
  const probe = await startLagProbe(accessTo(pair.source), accessTo(pair.target), folder);
  const target = await connect({ connectString: pair.target.connectString });
  const bare = await startPacedMultis(pair.target, barePerS);
  try {
    await writer.write({ ...load, durationMs: quick ? 3_000 : 10_000 });
    await engine.settled(settleTimeoutMs);
    probe.takeLagsMs();
    bare.takeLatenciesMs();
    const before = await engine.report();
    say(`writing ${load.perS} updates/s for ${quick ? 10 : 60} s`);
    const { acknowledged, elapsedMs } = await writer.write({ ...load, durationMs: quick ? 10_000 : 60_000 });
    const bareMs = bare.takeLatenciesMs();
    await engine.settled(settleTimeoutMs);
    const after = await engine.report();
    const lagsMs = probe.takeLagsMs();
    say(
      `${Math.round((acknowledged / elapsedMs) * 1000)} updates/s acknowledged; the engine took ` +
        `${(((after.cpuMs - before.cpuMs) / elapsedMs) * 100).toFixed(0)} % of a core`,
    );
    return {
      lagsMs,
      bareMs,
      acknowledged,
      lost: await countLost(target, folder, await writer.acknowledged()),
    };
  } finally {
    await bare.close();
    await target.close();
    await probe.close();
    await engine.close();
  }
}

/**
 * Phases with the engine and without it in turn. The target's servers share the cores with the source's here, which they
 * would not in production: without the engine a plain writer gives them the same load, so that what differs is the engine.
 */
async function measureLatency(
  pair: Pair,
  writer: Writer,
  { quick, say }: SuiteOptions,
): Promise<{ ratio: number; withMs: number; withoutMs: number }> {
  const phase = { ...load, durationMs: quick ? 3_000 : 10_000 };
  const withMs: number[] = [];
  const withoutMs: number[] = [];
  const standIn = await startWriter(pair.target.connectString, excludedFolder, nodes);
  try {
    for (let round = 1; round <= (quick ? 2 : 5); round++) {
      const [without] = await Promise.all([writer.write(phase), standIn.write(phase)]);
      withoutMs.push(without.latencyMs.p50);
      const engine = await startEngine(pair.source, pair.target, pair.workFolder);
      await engine.settled(settleTimeoutMs);
      withMs.push((await writer.write(phase)).latencyMs.p50);
      await engine.settled(settleTimeoutMs);
      await engine.close();
      say(
        `write latency ${without.latencyMs.p50.toFixed(2)} ms without, ${withMs.at(-1)?.toFixed(2)} ms with`,
      );
    }
  } finally {
    await standIn.close();
  }
  const ratio = median(withMs.map((value, round) => value / (withoutMs[round] ?? Number.NaN)));
  return { ratio, withMs: median(withMs), withoutMs: median(withoutMs) };
}

async function run(options: SuiteOptions): Promise<SuiteResult> {
  await using pair = await startPair();
  const writer = await startWriter(pair.source.connectString, folder, nodes);
  try {
    const lag = await measureLag(pair, writer, options);
    const latency = await measureLatency(pair, writer, options);
    const lagP99Ms = percentile(lag.lagsMs, 0.99);
    const bareMultiP99Ms = percentile(lag.bareMs, 0.99);
    return {
      metrics: {
        lagP50Ms: percentile(lag.lagsMs, 0.5),
        lagP99Ms,
        lagMaxMs: percentile(lag.lagsMs, 1),
        bareMultiP50Ms: percentile(lag.bareMs, 0.5),
        bareMultiP99Ms,
        updates: lag.acknowledged,
        lost: lag.lost,
        writeLatencyWithMs: latency.withMs,
        writeLatencyWithoutMs: latency.withoutMs,
      },
      ratios: {
        lagP99OverBareMultiP99: lagP99Ms / bareMultiP99Ms,
        writeLatencyWithOverWithout: latency.ratio,
      },
      notes: [
        'Lag: from commit to commit, as two observers outside of the engine see them.',
        `Bare multis: ${barePerS}/s to the same target in the same minute, from sending to answer: what no engine can do without.`,
        "Write latency: median of A's writers, with the engine and without it in turn; B has the same load in both.",
      ],
    };
  } finally {
    await writer.close();
  }
}

export const syncLag: Suite = {
  name: 'sync-lag',
  about: 'lag from commit to commit at 1,000 updates/s, and what the engine adds to write latency',
  run,
};
