import { createBackoff } from '@orchestrator/runtime/backoff';
import { systemClock } from '@orchestrator/runtime/clock';
import { expect, test } from 'vitest';
import { keepTrying } from './keep-trying.ts';

const anHour = 3_600_000;

function tryTwice(changed: (signal: AbortSignal) => Promise<unknown>) {
  const closing = new AbortController();
  let attempts = 0;
  const trying = keepTrying({
    attempt: async () => {
      attempts++;
      if (attempts === 2) closing.abort();
      throw new Error('nobody answers');
    },
    onFailure: () => undefined,
    backoff: createBackoff({ firstDelayMs: anHour, maxDelayMs: anHour }),
    ...{ clock: systemClock, changed, signal: closing.signal },
  });
  return { trying, closing, attempts: () => attempts };
}

test('what has changed ends the delay', async () => {
  const { trying, attempts } = tryTwice(() => Promise.resolve());
  await trying;
  expect(attempts()).toBe(2);
});

test('not to know of changes does not', async () => {
  const { trying, closing, attempts } = tryTwice(() => Promise.reject(new Error('no detector')));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(attempts()).toBe(1);
  closing.abort();
  await trying;
});
