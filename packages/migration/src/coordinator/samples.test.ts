import { expect, test } from 'vitest';
import { addSample, noSamples, type SampleHistory } from './samples.ts';

test('a history of any length stays bounded, covers all of it and keeps the worst', () => {
  let history: SampleHistory = noSamples;
  for (let n = 0; n < 100_000; n++) {
    history = addSample(history, {
      timeMs: n,
      lagMs: n === 777 ? 9_999 : 1,
      lagP50Ms: 1,
      appliedPerS: 5,
      backlog: 0,
    });
    expect(history.samples.length).toBeLessThan(720);
  }
  expect(history.samples.length).toBeGreaterThan(300);
  expect(history.samples[0]?.timeMs).toBe(0);
  expect(history.samples.at(-1)?.timeMs).toBeGreaterThan(99_000);
  expect(Math.max(...history.samples.map((sample) => sample.lagMs))).toBe(9_999);
  expect(history.samples.every((sample) => Math.abs(sample.appliedPerS - 5) < 1e-9)).toBe(true);
});
