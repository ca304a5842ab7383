import { expect, test } from 'vitest';
import { createMinuteHistogram } from './histogram.ts';

test('percentiles are within 6 % of the exact ones', () => {
  const histogram = createMinuteHistogram();
  for (let value = 1; value <= 1000; value++) histogram.add(value * 10, value, 1);
  const [p50, p99] = histogram.quantiles(10_000, [0.5, 0.99]);
  expect(p50).toBeGreaterThanOrEqual(500);
  expect(p50).toBeLessThan(530);
  expect(p99).toBeGreaterThanOrEqual(990);
  expect(p99).toBeLessThan(1050);
});

test('nothing older than a minute counts', () => {
  const histogram = createMinuteHistogram();
  histogram.add(1_000, 5_000, 10);
  histogram.add(61_500, 2, 1);
  const [p99] = histogram.quantiles(61_600, [0.99]);
  expect(p99).toBeLessThan(2.2);
  expect(histogram.quantiles(200_000, [0.5])).toEqual([null]);
});

test('nothing added yet has no percentiles', () => {
  expect(createMinuteHistogram().quantiles(5, [0.5, 0.99])).toEqual([null, null]);
});

test('rates count the last seconds only', () => {
  const histogram = createMinuteHistogram();
  histogram.add(1_000, 1, 500);
  histogram.add(20_000, 1, 100);
  expect(histogram.ratePerS(20_900, 5)).toBe(20);
});
