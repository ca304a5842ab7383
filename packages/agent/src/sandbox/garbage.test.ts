import { expect, test } from 'vitest';
import { allowedAgeMs, planGarbage } from './garbage.ts';

const week = 7 * 24 * 3_600_000;
const options = { gcDelayMs: week, diskHeadroom: 0.1 };

test.each([
  [0, 0.9],
  [0.5, 0.4],
  [0.9, 0],
  [1, 0],
])('with %d of the disk taken, %d of the delay is left', (usage, share) => {
  expect(allowedAgeMs(usage, options)).toBeCloseTo(week * share);
});

test('the old go, the oldest first', () => {
  const nowMs = 10 * week;
  const garbage = [
    { path: '/new', sinceMs: nowMs - 1 },
    { path: '/older', sinceMs: nowMs - week },
    { path: '/oldest', sinceMs: nowMs - 2 * week },
  ];
  const { remove, keep } = planGarbage(garbage, { nowMs, usage: 0.3 }, options);
  expect(remove.map(({ path }) => path)).toEqual(['/oldest', '/older']);
  expect(keep.map(({ path }) => path)).toEqual(['/new']);
  expect(planGarbage(garbage, { nowMs, usage: 0.95 }, options).remove).toHaveLength(3);
});
