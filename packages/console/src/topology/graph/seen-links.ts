/**
 * Links that have been seen between nodes that are still there. Connections come and go all the time; if the layout followed
 * each of them, nothing would ever stand still.
 */
import type { Scene } from './scene.ts';

export interface SeenLinks {
  /** How many are new. Links of nodes that have gone are forgotten. */
  take(scene: Scene): number;
  readonly count: number;
  /** Pairs of indexes of the scene taken last. */
  pairs(): Uint32Array;
}

export function createSeenLinks(): SeenLinks {
  let seen = new Map<string, readonly [from: string, to: string]>();
  let current: Scene | undefined;
  return {
    get count() {
      return seen.size;
    },
    take(scene) {
      const kept = new Map<string, readonly [string, string]>();
      for (const [key, pair] of seen) {
        if (scene.indexOf.has(pair[0]) && scene.indexOf.has(pair[1])) kept.set(key, pair);
      }
      const known = kept.size;
      for (const { from, to } of scene.edges) {
        // Whichever way it goes, it holds the two together.
        const pair = from < to ? ([from, to] as const) : ([to, from] as const);
        kept.set(pair.join('\n'), pair);
      }
      seen = kept;
      current = scene;
      return kept.size - known;
    },
    pairs() {
      const indexOf = current?.indexOf ?? new Map<string, number>();
      return Uint32Array.from(
        [...seen.values()].flatMap(([from, to]) => [indexOf.get(from) ?? 0, indexOf.get(to) ?? 0]),
      );
    },
  };
}
