import fc from 'fast-check';
import { expect, it } from 'vitest';
import { forceRepulsion } from './repulsion.ts';

interface Body {
  x: number;
  y: number;
  vx: number;
  vy: number;
  strength: number;
}

const reach = 300;
// Whole numbers, so that some stand in the same place.
const coordinate = fc.integer({ min: -200, max: 200 });
const body = fc.record({
  ...{ x: coordinate, y: coordinate, vx: fc.constant(0), vy: fc.constant(0) },
  strength: fc.integer({ min: 1, max: 500 }),
});

function push(bodies: Body[], theta: number): void {
  const force = forceRepulsion<Body>({ strengthOf: ({ strength }) => strength, theta, reach });
  force.initialize?.(bodies, Math.random);
  force(1);
}

/** By every other one, without a tree; those in the same place are left out. */
function speedOf({ x, y }: Body, bodies: readonly Body[]): { x: number; y: number } {
  const speed = { x: 0, y: 0 };
  for (const other of bodies) {
    const [dx, dy] = [x - other.x, y - other.y];
    const square = dx * dx + dy * dy;
    if (square === 0 || square >= reach * reach) continue;
    speed.x += (dx * other.strength) / square;
    speed.y += (dy * other.strength) / square;
  }
  return speed;
}

it('with no cell taken as one, is what every other one pushes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(body, { maxLength: 60, selector: ({ x, y }) => `${x} ${y}` }), (bodies) => {
      push(bodies, 0);
      for (const each of bodies) {
        const { x, y } = speedOf(each, bodies);
        expect(each.vx).toBeCloseTo(x, 6);
        expect(each.vy).toBeCloseTo(y, 6);
      }
    }),
  );
});

it('is near to that with cells taken as one, on the whole', () => {
  const bodies = Array.from({ length: 1_000 }, (_, index) => ({
    ...{ x: (index * 37) % 211, y: (index * 53) % 197, vx: 0, vy: 0, strength: 60 + (index % 9) * 20 },
  }));
  push(bodies, 0.95);
  let [off, all] = [0, 0];
  for (const each of bodies) {
    const { x, y } = speedOf(each, bodies);
    off += Math.hypot(each.vx - x, each.vy - y);
    all += Math.hypot(x, y);
  }
  expect(off / all).toBeLessThan(0.05);
});

it('parts those that stand in the same place, however many, and one far off takes no part', () => {
  const bodies = Array.from({ length: 40 }, () => ({ x: 5, y: 5, vx: 0, vy: 0, strength: 10 }));
  const far = { x: 1e9, y: -1e9, vx: 0, vy: 0, strength: 10 };
  push([...bodies, far], 0.9);
  expect(new Set(bodies.map(({ vx }) => vx)).size).toBe(40);
  expect([far.vx, far.vy]).toEqual([0, 0]);
});
