import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBackoff, retry } from './backoff.ts';
import type { Clock } from './clock.ts';
import { OrchestratorError } from './errors.ts';
import { seededRandom } from './random.ts';

const immediate: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  after(_delayMs, callback) {
    queueMicrotask(callback);
    return { cancel: () => undefined };
  },
};

test('delays grow, jitter downwards by at most half, and never pass the bound', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.integer(),
      (first, times, seed) => {
        const maxDelayMs = first * times;
        const backoff = createBackoff({ firstDelayMs: first, maxDelayMs, random: seededRandom(seed) });
        for (let count = 0; count < 12; count++) {
          const grown = Math.min(first * 2 ** count, maxDelayMs);
          const delay = backoff.nextDelayMs();
          expect(delay).toBeGreaterThanOrEqual(grown / 2);
          expect(delay).toBeLessThanOrEqual(grown);
        }
        backoff.reset();
        expect(backoff.nextDelayMs()).toBeLessThanOrEqual(first);
      },
    ),
  );
});

test('retries what is retryable, no more often than said', async () => {
  let attempts = 0;
  const failing = (retryable: boolean) => async () => {
    attempts++;
    throw new OrchestratorError('no', { code: 'unavailable', retryable });
  };
  await expect(retry(failing(true), { maxAttempts: 4, clock: immediate })).rejects.toThrow('no');
  expect(attempts).toBe(4);
  await expect(retry(failing(false), { maxAttempts: 4, clock: immediate })).rejects.toThrow('no');
  expect(attempts).toBe(5);
  expect(await retry(async (count) => count, { maxAttempts: 1 })).toBe(1);
});

test('a signal ends the waiting', async () => {
  const abort = new AbortController();
  const failing = async () => {
    queueMicrotask(() => abort.abort(new Error('stopped')));
    throw new OrchestratorError('no', { code: 'unavailable', retryable: true });
  };
  const options = { maxAttempts: 9, firstDelayMs: 60_000, maxDelayMs: 60_000, signal: abort.signal };
  await expect(retry(failing, options)).rejects.toThrow('stopped');
});

test('impossible bounds are refused', () => {
  expect(() => createBackoff({ firstDelayMs: 10, maxDelayMs: 5 })).toThrow(RangeError);
});
