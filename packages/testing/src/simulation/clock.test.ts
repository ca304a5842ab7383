import { sleep } from '@orchestrator/runtime/clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from './clock.ts';

test('timers fire in the order of their time, then in that of their setting, each at its own time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (delays) => {
      const clock = new SimulatedClock();
      const fired: [number, number][] = [];
      for (const [index, delay] of delays.entries()) {
        clock.after(delay, () => fired.push([clock.monotonicMs(), index]));
      }
      clock.advance(50);
      const expected = delays.map((delay, index): [number, number] => [delay, index]);
      expect(fired).toEqual(expected.sort(([a, i], [b, j]) => a - b || i - j));
      expect(clock.pending).toBe(0);
    }),
  );
});

test('a timer that was cancelled does not fire, and one set by another fires in the same advance', () => {
  const clock = new SimulatedClock(1_000);
  const fired: string[] = [];
  const never = clock.after(5, () => fired.push('never'));
  clock.after(1, () => {
    never.cancel();
    never.cancel();
    clock.after(3, () => fired.push(`chained at ${clock.nowMs()}`));
  });
  expect(clock.pending).toBe(2);
  expect(clock.untilNextMs()).toBe(1);
  clock.advance(10);
  expect(fired).toEqual(['chained at 1004']);
  expect(clock.nowMs()).toBe(1_010);
  expect(clock.untilNextMs()).toBeUndefined();
});

test('a frozen process finds its timers late, and the wall clock may jump', () => {
  const clock = new SimulatedClock(0);
  const seen: number[] = [];
  clock.after(10, () => seen.push(clock.monotonicMs()));
  clock.stall(100);
  expect(seen).toEqual([100]);
  clock.jumpWallClock(-50);
  expect(clock.nowMs()).toBe(50);
  expect(clock.monotonicMs()).toBe(100);
});

test('code that waits runs between timers', async () => {
  const clock = new SimulatedClock(0);
  const work = async () => {
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      await sleep(clock, 10);
      times.push(clock.monotonicMs());
    }
    return times;
  };
  expect(await clock.runUntil(work())).toEqual([10, 20, 30]);
  const more = work();
  await clock.run(30);
  expect(await more).toEqual([40, 50, 60]);
});

test('what never settles is told apart from what takes long', async () => {
  const clock = new SimulatedClock();
  await expect(clock.runUntil(Promise.withResolvers().promise, 1_000)).rejects.toThrow(
    'not settled in 1000 simulated ms',
  );
  const forever = () => {
    clock.after(0, forever);
  };
  forever();
  expect(() => clock.advance(1)).toThrow('without end');
});
