import { type Clock, sleep, systemClock } from './clock.ts';
import { type Random, systemRandom } from './random.ts';

export interface BackoffOptions {
  /** Delay before the second attempt. Default 100. */
  firstDelayMs?: number;
  /** No delay is longer. Default 10 000. */
  maxDelayMs?: number;
  /** Growth per attempt. Default 2. */
  factor?: number;
  random?: Random;
}

export interface Backoff {
  /** The next delay: uniform between half of the grown delay and all of it, so that clients do not come in step. */
  nextDelayMs(): number;
  /** Start again from the first delay; call it when an attempt has succeeded. */
  reset(): void;
}

/** Bounded exponential delays with jitter. */
export function createBackoff(options: BackoffOptions = {}): Backoff {
  const { firstDelayMs = 100, maxDelayMs = 10_000, factor = 2, random = systemRandom } = options;
  if (!(firstDelayMs > 0) || maxDelayMs < firstDelayMs || factor < 1) {
    throw new RangeError(
      `backoff needs 0 < firstDelayMs <= maxDelayMs and factor >= 1, got ${firstDelayMs}, ${maxDelayMs}, ${factor}`,
    );
  }
  let grownMs = firstDelayMs;
  return {
    nextDelayMs() {
      const delayMs = grownMs * (0.5 + random.fraction() / 2);
      grownMs = Math.min(grownMs * factor, maxDelayMs);
      return delayMs;
    },
    reset() {
      grownMs = firstDelayMs;
    },
  };
}

export interface RetryOptions extends BackoffOptions {
  /** Attempts in all, the first one included. */
  maxAttempts: number;
  /** Default: errors whose `retryable` is true. */
  shouldRetry?: (error: unknown, attempt: number) => boolean;
  clock?: Clock;
  signal?: AbortSignal;
}

const isRetryable = (error: unknown) =>
  typeof error === 'object' && error !== null && Reflect.get(error, 'retryable') === true;

/** Runs `attempt` until it succeeds, its error is not worth another try, or the attempts are used up: then throws the last error. */
export async function retry<T>(attempt: (count: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { maxAttempts, shouldRetry = isRetryable, clock = systemClock, signal } = options;
  const backoff = createBackoff(options);
  for (let count = 1; ; count++) {
    signal?.throwIfAborted();
    try {
      return await attempt(count);
    } catch (error) {
      if (count >= maxAttempts || !shouldRetry(error, count)) throw error;
    }
    await sleep(clock, backoff.nextDelayMs(), signal);
  }
}
