/**
 * Time comes in as an argument everywhere, so that a simulation with a seed can replace it. This file is a door of its
 * own (`@orchestrator/runtime/clock`): a library that needs time only does not load the rest of the runtime.
 */
export interface Timer {
  /** Idempotent; a timer that has fired is cancelled too. */
  cancel(): void;
}

export interface Clock {
  /** Wall-clock milliseconds since 1970; may jump. For timestamps that people read. */
  nowMs(): number;
  /** Milliseconds, with a fraction, since an arbitrary start; never goes back. For durations and deadlines. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`. A pending timer does not keep the process alive when `background` is set. */
  after(delayMs: number, callback: () => void, options?: { background?: boolean }): Timer;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback, options) {
    const handle = setTimeout(callback, delayMs);
    if (options?.background === true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}
