import type { Clock, Timer } from '@orchestrator/runtime';

export interface ChangeSignal {
  /** Resolves at the next change, perhaps without one; rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void>;
  /** To be called after every write of this process. */
  notify(): void;
}

/**
 * Wakes who waits for changes: at once after a write of this process, within `pollMs` after one of another. Polls only
 * while somebody waits.
 */
export function createChangeSignal(options: {
  clock: Clock;
  pollMs: number;
  /** True when another process has written since the last call. */
  poll: () => Promise<boolean>;
}): ChangeSignal {
  const { clock, pollMs, poll } = options;
  const waiting = new Set<PromiseWithResolvers<void>>();
  let timer: Timer | undefined;

  const notify = () => {
    for (const waiter of waiting) waiter.resolve();
    waiting.clear();
  };

  const schedule = () => {
    timer ??= clock.after(pollMs, () => void tick());
  };

  const tick = async (): Promise<void> => {
    try {
      if (await poll()) notify();
    } catch (error) {
      for (const waiter of waiting) waiter.reject(error);
      waiting.clear();
    }
    timer = undefined;
    if (waiting.size > 0) schedule();
  };

  return {
    notify,
    async next(signal) {
      signal.throwIfAborted();
      const waiter = Promise.withResolvers<void>();
      const abort = () => {
        waiting.delete(waiter);
        if (waiting.size === 0) {
          timer?.cancel();
          timer = undefined;
        }
        waiter.reject(signal.reason);
      };
      waiting.add(waiter);
      schedule();
      signal.addEventListener('abort', abort, { once: true });
      try {
        await waiter.promise;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}
