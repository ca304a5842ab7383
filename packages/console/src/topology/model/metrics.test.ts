import { expect, it } from 'vitest';
import { pointsOf } from './metrics.ts';

const startMs = Date.parse('2026-11-24T00:00:00Z');
const sample = (afterMs: number, value: number) => ({
  date: new Date(startMs + afterMs).toISOString(),
  value,
});
const pointsAfter = (...samples: readonly [afterMs: number, value: number][]) => {
  const { timesMs, values } = pointsOf(samples.map(([afterMs, value]) => sample(afterMs, value)));
  return timesMs.map((timeMs, index) => [timeMs - startMs, values[index]]);
};

it('a value stands until just before the next sample', () => {
  expect(pointsAfter([0, 0], [60_000, 137])).toEqual([
    [0, 0],
    [57_000, 0],
    [60_000, 137],
  ]);
});

it('samples of one look after the other stay as they are', () => {
  const samples: [number, number][] = [
    [0, 1],
    [3_000, 2],
    [8_000, 3],
  ];
  expect(pointsAfter(...samples)).toEqual(samples);
  expect(pointsAfter()).toEqual([]);
});

it('one sample is a line too', () => {
  expect(pointsAfter([0, 71])).toEqual([
    [0, 71],
    [3_000, 71],
  ]);
});
