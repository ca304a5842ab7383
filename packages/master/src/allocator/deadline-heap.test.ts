import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineHeap } from './deadline-heap.ts';

test('gives what is due, the earliest first, and nothing before its time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 })),
      fc.integer({ min: 0, max: 1000 }),
      (deadlines, nowMs) => {
        const heap = new DeadlineHeap<number>();
        for (const atMs of deadlines) heap.add(atMs, atMs);
        const sorted = deadlines.toSorted((a, b) => a - b);
        expect(heap.nextAtMs).toBe(sorted[0]);
        const taken: number[] = [];
        for (let item = heap.takeDue(nowMs); item !== undefined; item = heap.takeDue(nowMs)) taken.push(item);
        expect(taken).toEqual(sorted.filter((atMs) => atMs <= nowMs));
        expect(heap.size).toBe(deadlines.length - taken.length);
      },
    ),
  );
});
