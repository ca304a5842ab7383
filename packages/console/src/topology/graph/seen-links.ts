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
  /** By the id that sorts first: whichever way it goes, a link holds the two together. */
  let seen = new Map<string, Set<string>>();
  let count = 0;
  let current: Scene | undefined;

  const forgetGone = ({ indexOf }: Scene) => {
    const kept = new Map<string, Set<string>>();
    count = 0;
    for (const [from, targets] of seen) {
      if (!indexOf.has(from)) continue;
      const rest = new Set([...targets].filter((to) => indexOf.has(to)));
      kept.set(from, rest);
      count += rest.size;
    }
    seen = kept;
  };

  return {
    get count() {
      return count;
    },
    take(scene) {
      if (scene.shape !== current?.shape) forgetGone(scene);
      current = scene;
      const known = count;
      for (const { from, to } of scene.edges) {
        const [first, second] = from < to ? [from, to] : [to, from];
        const targets = seen.get(first) ?? new Set();
        if (targets.has(second)) continue;
        seen.set(first, targets.add(second));
        count++;
      }
      return count - known;
    },
    pairs() {
      const indexOf = current?.indexOf;
      const pairs = new Uint32Array(count * 2);
      let at = 0;
      for (const [from, targets] of seen) {
        for (const to of targets) pairs.set([indexOf?.get(from) ?? 0, indexOf?.get(to) ?? 0], at++ * 2);
      }
      return pairs;
    },
  };
}
