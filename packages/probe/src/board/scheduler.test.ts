import { silentLogger } from '@orchestrator/runtime';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, it } from 'vitest';
import { createScheduler, longestPauseMs, pauseMs } from './scheduler.ts';

it('a job that takes more than its share runs less often', () => {
  expect(pauseMs({ everyMs: 1000, share: 0.01 }, 5)).toBe(1000);
  expect(pauseMs({ everyMs: 1000, share: 0.01 }, 50)).toBe(5000);
  expect(pauseMs({ everyMs: 1000, share: 0.01 }, 60_000)).toBe(longestPauseMs);
});

it('jobs run on time, soon when asked, and not after they were removed', () => {
  const clock = new SimulatedClock();
  const scheduler = createScheduler({ clock, logger: silentLogger, cpuMs: () => 0 });
  const runs: number[] = [];
  const job = scheduler.add({
    name: 'a',
    everyMs: 1000,
    share: 0.5,
    run: () => {
      runs.push(clock.monotonicMs());
    },
  });
  clock.advance(2500);
  const first = runs[0] ?? 0;
  expect(runs.map((at) => at - first)).toEqual([0, 1000, 2000]);
  job.runSoon();
  clock.advance(1);
  expect(runs).toHaveLength(4);
  job.remove();
  clock.advance(5000);
  expect(runs).toHaveLength(4);
});

it('a job that fails or hangs does not hold up the others', () => {
  const clock = new SimulatedClock();
  const scheduler = createScheduler({ clock, logger: silentLogger, cpuMs: () => 0 });
  let [failures, hangs, runs] = [0, 0, 0];
  const add = (run: () => void | Promise<void>) => scheduler.add({ name: 'x', everyMs: 1000, share: 1, run });
  add(() => {
    failures++;
    throw new Error('no');
  });
  add(() => {
    hangs++;
    return new Promise<void>(() => undefined);
  });
  add(() => {
    runs++;
  });
  clock.advance(3500);
  expect([failures, hangs, runs]).toEqual([4, 1, 4]);
  scheduler.stop();
  clock.advance(5000);
  expect(runs).toBe(4);
});
