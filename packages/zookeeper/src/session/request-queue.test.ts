import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestQueue } from './request-queue.ts';

test('behaves as a list that is pushed at one end and shifted at the other', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant('shift' as const)), {
    maxLength: 600,
  });
  fc.assert(
    fc.property(steps, (script) => {
      const queue = new RequestQueue<number>();
      const model: number[] = [];
      for (const step of script) {
        if (step === 'shift') {
          expect(queue.shift()).toBe(model.shift());
        } else {
          queue.push(step);
          model.push(step);
        }
        expect(queue.length).toBe(model.length);
      }
      expect(queue.drain()).toEqual(model);
    }),
  );
});
