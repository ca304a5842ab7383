/** A fresh ensemble filled by seeding it, against a plain client's copy, and whether the seed is exact. */
import { type Ensemble, startEnsemble } from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { copyTree } from '../bootstrap/client-copy.ts';
import { findStatDifferences } from '../bootstrap/differences.ts';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median } from '../statistics.ts';
import { fillTree, seedFrom, startSeeded, treeRoot } from '../sync/tree.ts';

const servers = { heapMb: 512 };
const differencesShown = 5;

async function timed<Result>(work: () => Promise<Result>): Promise<{ ms: number; result: Result }> {
  const startMs = performance.now();
  const result = await work();
  return { ms: performance.now() - startMs, result };
}

/** Copies into a running ensemble over the client port, as tools without the quorum port have to. */
async function measureCopy(source: Ensemble): Promise<number> {
  await using target = await startEnsemble(servers);
  const from = await connect({ connectString: source.connectString });
  const to = await connect({ connectString: target.connectString });
  try {
    return (await timed(() => copyTree(from, to, treeRoot))).ms;
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  await using source = await startEnsemble(servers);
  const znodes = quick ? 20_000 : 100_000;
  say(`filling A with ${znodes} znodes`);
  await fillTree(source, znodes);
  const seed = () => timed(() => seedFrom(source));
  const first = await seed();
  const copyMs = await measureCopy(source);
  say(`a plain client's copy took ${Math.round(copyMs)} ms`);
  const seeds = [first, await seed(), await seed()];
  say(`seeds took ${seeds.map(({ ms }) => Math.round(ms)).join(', ')} ms`);
  const started = await timed(() => startSeeded(first.result, servers));
  await using target = started.result;
  say('comparing all nodes of A and of a real ensemble started on the seed');
  const { compared, differences } = await findStatDifferences(source, target);
  for (const line of differences.slice(0, differencesShown)) say(line);
  const seedMs = median(seeds.map(({ ms }) => ms));
  return {
    metrics: {
      seedMs,
      copyMs,
      startSeededMs: started.ms,
      seedBytes: first.result.bytes,
      znodesCompared: compared,
      statDifferences: differences.length,
    },
    ratios: { seedOverCopy: seedMs / copyMs },
    notes: [
      'Compared through the client port: data, ACL and all fields of the stat, of every znode but ours.',
    ],
  };
}

export const bootstrap: Suite = {
  name: 'bootstrap',
  about: '100,000 znodes seeded, against a plain client copy; all stat fields compared',
  run,
};
