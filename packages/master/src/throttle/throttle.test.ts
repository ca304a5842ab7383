import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { noRateLimits, parseRateLimits } from './rate-limits.ts';
import { Throttle } from './throttle.ts';

const limits = parseRateLimits(
  '{"limits": [{"principal": "slow", "qps": 10, "capacity": 3}, {"principal": "free"}], "aggregate_default_qps": 2}',
);

test('calls go one after the other at the rate of their principal, in their order, and no more wait than may', async () => {
  const clock = new SimulatedClock();
  const throttle = new Throttle(limits, clock);
  const gone: [number, number][] = [];
  const startedMs = clock.monotonicMs();
  expect(throttle.turn('slow')).toBeUndefined();
  for (const call of [1, 2, 3]) {
    throttle.turn('slow')?.then(() => gone.push([call, clock.monotonicMs() - startedMs]));
  }
  expect(() => throttle.turn('slow')).toThrow('Message mesos.scheduler.Call dropped: capacity(3) exceeded');
  await clock.run(250);
  expect(gone.map(([call]) => call)).toEqual([1, 2]);
  expect(gone.map(([, atMs]) => Math.round(atMs))).toEqual([100, 200]);
  await clock.run(1_000);
  expect(gone).toHaveLength(3);
  expect(throttle.turn('slow'), 'after a rest').toBeUndefined();
});

test('who is named without a rate is free, all others share one, and without the flag everybody is free', () => {
  const clock = new SimulatedClock();
  const throttle = new Throttle(limits, clock);
  for (let call = 0; call < 100; call++) expect(throttle.turn('free')).toBeUndefined();
  expect(throttle.turn('one')).toBeUndefined();
  expect(throttle.turn('other')).toBeInstanceOf(Promise);
  throttle.close();
  expect(clock.pending).toBe(0);
  const none = new Throttle(noRateLimits, clock);
  for (let call = 0; call < 100; call++) expect(none.turn('one')).toBeUndefined();
});

test.each([
  ['{', /no JSON/],
  ['{"limits": {}}', /no list/],
  ['{"limits": [{"qps": 1}]}', /no principal/],
  ['{"limits": [{"principal": "a"}, {"principal": "a"}]}', /a is there twice/],
  ['{"limits": [{"principal": "a", "qps": 0}]}', /qps of a is 0, not a positive number/],
  ['{"aggregate_default_capacity": 1.5}', /capacity of all others is 1.5/],
])('%s is refused', (text, message) => {
  expect(() => parseRateLimits(text)).toThrow(message);
});
