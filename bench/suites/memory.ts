/** Resident size of an engine at two sizes of the tree, and whether it stays flat while clients write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EnsembleOptions, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median } from '../statistics.ts';
import { type EngineProcess, startEngine } from '../sync/engine.ts';
import { fillTree, seedFrom, startSeeded } from '../sync/tree.ts';
import { startWriter } from '../sync/writer.ts';

/** One server a side, so that a million znodes are in two servers' memory and not in six; it is a quorum, with the ports of one. */
const servers: EnsembleOptions = { servers: 1, heapMb: 2048, config: { standaloneEnabled: 'false' } };
const minuteMs = 60_000;
const settleTimeoutMs = 60_000;
const idleMs = 30_000;
const sampleMs = 1_000;
const load = { perS: 1000, window: 2000 };

/** Mebibytes, once a second until `done` resolves. */
async function sampleRss(engine: EngineProcess, done: Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  let isDone = false;
  const end = done.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    samples.push((await engine.report()).rssBytes / 2 ** 20);
    await sleep(sampleMs);
  }
  await end;
  return samples;
}

interface Growth {
  readonly rssMb: number;
  /** Of what is in use after a garbage collection: what a leak would show in. */
  readonly liveMb: number;
}

interface Footprint {
  readonly rssMb: number;
  /** In ten minutes of writing. */
  readonly growth: Growth | undefined;
}

/** Median of the last tenth of writing less that of the first, after a time that does not count. */
async function measureGrowth(
  connectString: string,
  engine: EngineProcess,
  { quick, say }: SuiteOptions,
): Promise<Growth> {
  const durationMs = quick ? minuteMs : 10 * minuteMs;
  const writer = await startWriter(connectString, '/load', 1000);
  try {
    // Node.js lets its heap grow to what the load asks for before it collects in earnest.
    await writer.write({ ...load, durationMs: quick ? minuteMs / 4 : 3 * minuteMs });
    say(`writing ${load.perS} updates/s for ${durationMs / minuteMs} min`);
    const liveBefore = (await engine.collected()).usedBytes / 2 ** 20;
    const samples = await sampleRss(engine, writer.write({ ...load, durationMs }));
    const liveAfter = (await engine.collected()).usedBytes / 2 ** 20;
    const tenth = Math.max(1, Math.floor(samples.length / 10));
    const firstMb = median(samples.slice(0, tenth));
    const lastMb = median(samples.slice(-tenth));
    say(
      `from ${firstMb.toFixed(0)} MB to ${lastMb.toFixed(0)} MB; in use ${liveBefore.toFixed(1)} and ${liveAfter.toFixed(1)} MB`,
    );
    const scale = (10 * minuteMs) / durationMs;
    // The medians lie nine tenths of the time apart.
    return { rssMb: ((lastMb - firstMb) / 0.9) * scale, liveMb: (liveAfter - liveBefore) * scale };
  } finally {
    await writer.close();
  }
}

async function measureEngine(znodes: number, writes: boolean, options: SuiteOptions): Promise<Footprint> {
  options.say(`filling A with ${znodes} znodes and seeding B`);
  await using source = await startEnsemble(servers);
  await fillTree(source, znodes);
  await using target = await startSeeded(await seedFrom(source), servers);
  const engine = await startEngine(source, target, await temporaryFolder('bench'));
  try {
    await engine.settled(settleTimeoutMs);
    const samples = await sampleRss(engine, sleep(idleMs));
    const rssMb = median(samples.slice(-10));
    options.say(`${rssMb.toFixed(0)} MB resident at ${znodes} znodes`);
    const growth = writes ? await measureGrowth(source.connectString, engine, options) : undefined;
    return { rssMb, growth };
  } finally {
    await engine.close();
  }
}

async function run(options: SuiteOptions): Promise<SuiteResult> {
  const small = await measureEngine(100_000, true, options);
  const large = await measureEngine(1_000_000, false, options);
  return {
    metrics: {
      rssMb100k: small.rssMb,
      rssMb1m: large.rssMb,
      rssGrowthMbPer10Min: small.growth?.rssMb ?? Number.NaN,
      liveGrowthMbPer10Min: small.growth?.liveMb ?? Number.NaN,
    },
    ratios: {},
    notes: [
      'The engine holds a mirror of both sides, so twice as many znodes; MB are 2^20 bytes of resident size.',
      'Growth: at 100,000 znodes and 1,000 updates/s; …live… is what a garbage collection leaves.',
    ],
  };
}

export const memory: Suite = {
  name: 'memory',
  about: 'resident size of an engine at 100,000 and 1,000,000 znodes, and its growth while clients write',
  run,
};
