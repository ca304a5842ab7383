/** Takes in pairs of nodes, sums them up, and keeps the paths that need a second look. */
import type { Side } from '../core/types.ts';
import type { Difference } from '../engine-types.ts';
import { counterFields, differingFields, hashOfView, type NodeView } from './node-view.ts';

/** Paths kept for a second look; if more differ, the count of them says enough. */
const mostSuspects = 100_000;

export interface Tally {
  readonly nodes: Record<Side, number>;
  readonly checksum: Record<Side, bigint>;
  readonly suspects: Set<string>;
  /** Differing paths beyond those that are kept. */
  overflow: number;
  /** Raised counters, up to the limit. */
  readonly counters: Difference[];
  take(path: string, source: NodeView | undefined, target: NodeView | undefined): void;
  /** What a second look found, equal or not; until then a suspect does not count. */
  settle(path: string, source: NodeView | undefined, target: NodeView | undefined): void;
}

export interface TallyOptions {
  readonly limit: number;
  readonly ignoresKind: (path: string) => boolean;
}

export function createTally({ limit, ignoresKind }: TallyOptions): Tally {
  const tally: Tally = {
    nodes: { source: 0, target: 0 },
    checksum: { source: 0n, target: 0n },
    suspects: new Set(),
    overflow: 0,
    counters: [],
    take(path, source, target) {
      if (differingFields(source, target, { ignoresKind: ignoresKind(path) }).length === 0) {
        tally.settle(path, source, target);
        const fields = counterFields(source, target);
        if (fields.length > 0 && tally.counters.length < limit) tally.counters.push({ path, fields });
      } else if (tally.suspects.size < mostSuspects) {
        tally.suspects.add(path);
      } else {
        tally.overflow++;
        tally.settle(path, source, target);
      }
    },
    settle(path, source, target) {
      const rules = { ignoresKind: ignoresKind(path) };
      const add = (side: Side, view: NodeView | undefined) => {
        if (view === undefined) return;
        tally.nodes[side]++;
        tally.checksum[side] = BigInt.asUintN(64, tally.checksum[side] + hashOfView(path, view, rules));
      };
      add('source', source);
      add('target', target);
    },
  };
  return tally;
}
