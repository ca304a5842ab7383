import type { Clock, Timer } from '@orchestrator/runtime/clock';

/** Says when nothing was heard for too long. */
export interface HeartbeatWatch {
  /** Something was heard. */
  heard(): void;
  /** Nothing is listened to just now: silence is no wonder. */
  hold(held: boolean): void;
  /** From now on silence may last this long; undefined: for ever. */
  expect(longestSilenceMs: number | undefined): void;
  stop(): void;
}

/** Calls back once, when the silence has lasted. Looks at the clock rather than setting a timer for each event. */
export function watchHeartbeats(clock: Clock, onSilence: (silenceMs: number) => void): HeartbeatWatch {
  let longestMs: number | undefined;
  let lastMs = clock.monotonicMs();
  let held = false;
  let timer: Timer | undefined;

  function check(): void {
    if (longestMs === undefined) return;
    const silenceMs = clock.monotonicMs() - lastMs;
    if (silenceMs >= longestMs && !held) onSilence(silenceMs);
    else timer = clock.after(Math.max(longestMs - silenceMs, longestMs / 10), check, { background: true });
  }

  return {
    heard() {
      lastMs = clock.monotonicMs();
    },
    hold(isHeld) {
      held = isHeld;
      lastMs = clock.monotonicMs();
    },
    expect(longestSilenceMs) {
      longestMs = longestSilenceMs;
      timer?.cancel();
      check();
    },
    stop() {
      longestMs = undefined;
      timer?.cancel();
    },
  };
}
