import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from './bounded-map.ts';
import { Timers } from './timers.ts';

const step = fc.oneof(
  fc.record({ set: fc.constantFrom('a', 'b', 'c', 'd'), atMs: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ cancel: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({ advanceMs: fc.integer({ min: 0, max: 20 }) }),
);

test('timers are as a sorted list of deadlines by name', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const timers = new Timers<string>();
      const model = new Map<string, number>();
      let nowMs = 0;
      for (const each of steps) {
        if ('set' in each) {
          timers.set(each.set, each.atMs, each.set);
          model.set(each.set, each.atMs);
        } else if ('cancel' in each) {
          timers.cancel(each.cancel);
          model.delete(each.cancel);
        } else {
          nowMs += each.advanceMs;
          for (let due = timers.takeDue(nowMs); due !== undefined; due = timers.takeDue(nowMs)) {
            expect(model.get(due)).toBe(Math.min(...model.values()));
            model.delete(due);
          }
          expect([...model.values()].every((atMs) => atMs > nowMs)).toBe(true);
        }
        expect(timers.nextDueMs()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        expect(timers.size).toBe(model.size);
      }
    }),
  );
});

test('history forgets the oldest', () => {
  const map = new BoundedMap<number>(2);
  for (const [index, key] of ['a', 'b', 'a', 'c'].entries()) map.set(key, index);
  expect([...map.values()]).toEqual([2, 3]);
  const none = new BoundedMap<number>(0);
  none.set('a', 1);
  expect(none.size).toBe(0);
});
