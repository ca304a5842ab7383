import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Urgency } from '../board/board.ts';

/** How long changes wait for others to travel with. */
export const waitMs: Readonly<Record<Urgency, number>> = { now: 20, tick: 500 };

/** Calls `flush` once for all changes that come close together, the sooner the more urgent one of them is. */
export function createPacer(clock: Clock, flush: () => void) {
  let timer: Timer | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  return {
    changed(urgency: Urgency): void {
      const wantedMs = clock.monotonicMs() + waitMs[urgency];
      if (wantedMs >= dueMs) return;
      timer?.cancel();
      dueMs = wantedMs;
      timer = clock.after(waitMs[urgency], () => {
        timer = undefined;
        dueMs = Number.POSITIVE_INFINITY;
        flush();
      });
    },
    stop(): void {
      timer?.cancel();
    },
  };
}
