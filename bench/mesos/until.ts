import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 2;

/** Resolves as soon as it holds. Throws after two minutes, naming what did not come. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`waited two minutes for ${what}`);
    await sleep(pollMs);
  }
}
