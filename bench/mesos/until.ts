import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 2;

/** Resolves as soon as it holds. Throws after five minutes, naming what did not come. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 300_000;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`waited five minutes for ${what}`);
    await sleep(pollMs);
  }
}
