import fc from 'fast-check';
import { expect, it } from 'vitest';
import { forceCollision } from './collision.ts';

interface Disc {
  x: number;
  y: number;
  vx: number;
  vy: number;
  radius: number;
}

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const disc = fc.record({
  ...{ x: coordinate, y: coordinate, vx: fc.constant(0), vy: fc.constant(0) },
  radius: fc.double({ min: 1, max: 60, noNaN: true }),
});

function move(discs: Disc[], steps: number): void {
  const force = forceCollision<Disc>(({ radius }) => radius, 2);
  force.initialize?.(discs, Math.random);
  for (let step = 0; step < steps; step++) {
    force(1);
    for (const each of discs) {
      each.x += each.vx;
      each.y += each.vy;
      [each.vx, each.vy] = [0, 0];
    }
  }
}

function overlap(discs: readonly Disc[]): number {
  let most = 0;
  for (const [index, one] of discs.entries()) {
    for (const other of discs.slice(index + 1)) {
      most = Math.max(most, one.radius + other.radius - Math.hypot(one.x - other.x, one.y - other.y));
    }
  }
  return most;
}

it('moves what overlaps, wherever it is and however large, and nothing where nothing overlaps', () => {
  fc.assert(
    fc.property(fc.array(disc, { minLength: 1, maxLength: 30 }), (discs) => {
      const crowded = discs.filter((one) =>
        discs.some((other) => one !== other && overlap([one, other]) > 1e-6),
      );
      const before = structuredClone(discs);
      move(discs, 1);
      const moved = discs.filter(({ x, y }, index) => x !== before[index]?.x || y !== before[index]?.y);
      // One in the middle of others may be pushed from all sides alike.
      if (crowded.length > 0) expect(moved.length).toBeGreaterThan(0);
      else if (overlap(discs) < 0) expect(moved).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('leaves no overlap in a crowd', () => {
  const discs = Array.from({ length: 200 }, (_, index) => ({
    ...{ x: (index * 37) % 90, y: (index * 53) % 90, vx: 0, vy: 0, radius: 5 + (index % 20) },
  }));
  move(discs, 300);
  expect(overlap(discs)).toBeLessThan(1);
});

it('parts two that stand in the same place, and one far off costs no memory', () => {
  const at = (x: number) => ({ x, y: 0, vx: 0, vy: 0, radius: 10 });
  const discs = [at(0), at(0), at(1e9)];
  move(discs, 50);
  expect(overlap(discs)).toBeLessThan(0.1);
  expect(discs[2]?.x).toBe(1e9);
});
