import { systemClock, type Timer } from '@orchestrator/runtime/clock';
import { useEffect, useState } from 'react';

/** The time, anew each `everyMs` (default 1 s): for ages and durations that go on. */
export function useNow(everyMs = 1_000): number {
  const [nowMs, setNowMs] = useState(() => systemClock.nowMs());
  useEffect(() => {
    let timer: Timer;
    const tick = () => {
      setNowMs(systemClock.nowMs());
      timer = systemClock.after(everyMs, tick);
    };
    timer = systemClock.after(everyMs, tick);
    return () => timer.cancel();
  }, [everyMs]);
  return nowMs;
}
