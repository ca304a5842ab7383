/** What the engine knows of its own work, by direction; outlives each run as the leader. */
import type { Clock } from '@orchestrator/runtime';
import type { Side } from '../core/types.ts';
import { createMinuteHistogram, type MinuteHistogram } from '../status/histogram.ts';

/** `lagMs`: from a change's arrival to its echo's; one a transaction. */
export type SyncedListener = (from: Side, changes: number, lagMs: readonly number[]) => void;

export interface DirectionCounters {
  applied: number;
  readonly lags: MinuteHistogram;
  readonly changes: MinuteHistogram;
}

export interface Counters {
  readonly directions: Readonly<Record<Side, DirectionCounters>>;
  onSynced: SyncedListener;
  /**
   * The steady stream begins. What arrived before waited for the start or for the end of a pause: catching up, which says
   * nothing of how far apart the two sides are from now on.
   */
  steadyFromNow(): void;
}

const createDirection = (): DirectionCounters => ({
  applied: 0,
  lags: createMinuteHistogram(),
  changes: createMinuteHistogram(),
});

export function createCounters(clock: Clock, alsoTell?: SyncedListener): Counters {
  const directions = { source: createDirection(), target: createDirection() };
  let steadySinceMs = clock.monotonicMs();
  return {
    directions,
    steadyFromNow() {
      steadySinceMs = clock.monotonicMs();
    },
    onSynced(from, changes, lagMs) {
      const direction = directions[from];
      const nowMs = clock.monotonicMs();
      direction.applied += changes;
      direction.changes.add(nowMs, 0, changes);
      for (const lag of lagMs) if (nowMs - lag >= steadySinceMs) direction.lags.add(nowMs, lag, 1);
      alsoTell?.(from, changes, lagMs);
    },
  };
}
