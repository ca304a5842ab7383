import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { createCounters } from './counters.ts';

test('what waited for the start is applied, but says nothing of the lag', () => {
  const clock = new SimulatedClock();
  const counters = createCounters(clock);
  clock.advance(5_000);
  counters.steadyFromNow();
  clock.advance(100);
  counters.onSynced('source', 2, [4_000, 20]);
  const { applied, lags } = counters.directions.source;
  expect(applied).toBe(2);
  const [p99] = lags.quantiles(clock.monotonicMs(), [0.99]);
  expect(p99).toBeGreaterThanOrEqual(20);
  expect(p99).toBeLessThan(100);
});
