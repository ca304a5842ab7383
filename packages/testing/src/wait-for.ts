import { setTimeout as pause } from 'node:timers/promises';
import { TestingError } from './errors.ts';

export interface WaitOptions {
  /** Completes the sentence "waited 10000 ms for …"; a function is asked at the end, and can tell what it looked like. */
  what: string | (() => string);
  /** Default 30000; generous, because test machines are loaded. */
  timeoutMs?: number;
  /** Between two looks, default 20. */
  intervalMs?: number;
}

/**
 * Looks until the predicate gives something truthy and resolves with it. An exception of the predicate counts as "not
 * yet" and becomes the cause of the failure, unless it is a `TestingError` that no waiting mends (a server that died).
 *
 * @throws TestingError `Timeout`, with what was waited for and the last answer seen
 */
export async function waitFor<T>(
  predicate: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<Awaited<T>, undefined | null | false | 0 | ''>> {
  const { what, timeoutMs = 30_000, intervalMs = 20 } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let seen: unknown;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await predicate();
      if (answer) return answer as Exclude<Awaited<T>, undefined | null | false | 0 | ''>;
      seen = answer;
      cause = undefined;
    } catch (error) {
      if (error instanceof TestingError && !error.retryable) throw error;
      cause = error;
    }
    if (performance.now() >= deadlineMs) break;
    await pause(intervalMs);
  }
  const last = cause === undefined ? `the last answer was ${String(seen)}` : `the last look failed: ${cause}`;
  const subject = typeof what === 'string' ? what : what();
  throw new TestingError('Timeout', `waited ${timeoutMs} ms for ${subject}; ${last}`, { cause });
}
