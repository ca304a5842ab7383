import { expect, test } from 'vitest';
import { Durations } from './durations.ts';

test('figures by the keys of Mesos, percentiles between values', () => {
  const durations = new Durations();
  expect([...durations.figures('x_ms')]).toEqual([]);
  for (let ms = 1; ms <= 101; ms++) durations.record(ms);
  expect(Object.fromEntries(durations.figures('x_ms'))).toEqual({
    ...{ x_ms: 101, 'x_ms/count': 101, 'x_ms/min': 1, 'x_ms/max': 101, 'x_ms/p50': 51, 'x_ms/p90': 91 },
    ...{ 'x_ms/p95': 96, 'x_ms/p99': 100, 'x_ms/p999': 100.9, 'x_ms/p9999': 100.99 },
  });
});

test('only the last thousand are looked at', () => {
  const durations = new Durations();
  for (let count = 0; count < 500; count++) durations.record(1_000_000);
  for (let count = 0; count < 1_000; count++) durations.record(1);
  const figures = new Map(durations.figures('x_ms'));
  expect(figures.get('x_ms/max')).toBe(1);
  expect(figures.get('x_ms/count')).toBe(1_500);
});
