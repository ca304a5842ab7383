import type { Clock } from '@orchestrator/runtime/clock';

/**
 * Milliseconds since 1970 that never go back: what is written later has to win over what was written before, also after the
 * host's clock was set back. A clock that is set forward is followed.
 */
export function steadyTime(clock: Clock): () => number {
  let offsetMs = clock.nowMs() - clock.monotonicMs();
  return () => {
    offsetMs = Math.max(offsetMs, clock.nowMs() - clock.monotonicMs());
    return Math.floor(clock.monotonicMs() + offsetMs);
  };
}
