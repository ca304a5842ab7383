import { describe, expect, it } from 'vitest';
import { createLayout, type Layout, type LayoutGraph } from './simulation.ts';

function graphOf(
  count: number,
  links: readonly (readonly [number, number])[],
  groups?: readonly number[],
): LayoutGraph {
  return {
    ids: Array.from({ length: count }, (_, index) => `n${index}`),
    radii: new Float32Array(count).fill(8),
    groups: Int32Array.from(groups ?? Array.from({ length: count }, () => -1)),
    links: Uint32Array.from(links.flat()),
    isNews: false,
  };
}

function settle(layout: Layout): {
  readonly at: (index: number) => readonly [number, number];
  readonly steps: number;
} {
  let steps = 1;
  while (layout.step()) steps++;
  const positions = layout.positions();
  return {
    steps,
    at: (index) => [positions[index * 2] ?? Number.NaN, positions[index * 2 + 1] ?? Number.NaN],
  };
}

const distance = (a: readonly [number, number], b: readonly [number, number]) =>
  Math.hypot(a[0] - b[0], a[1] - b[1]);
const ring = (count: number) =>
  Array.from({ length: count }, (_, index) => [index, (index + 1) % count] as const);

describe('the layout', () => {
  it('comes to rest, with no node upon another and neighbours nearer than strangers', () => {
    const layout = createLayout();
    layout.update(graphOf(30, ring(30)));
    const { at, steps } = settle(layout);
    expect(steps).toBeLessThan(300);
    for (let a = 0; a < 30; a++) {
      for (let b = a + 1; b < 30; b++) expect(distance(at(a), at(b))).toBeGreaterThan(16);
    }
    expect(distance(at(0), at(1))).toBeLessThan(distance(at(0), at(15)));
  });

  it('keeps what stood where it stood when a node comes, and puts that beside its neighbour', () => {
    const layout = createLayout();
    layout.update(graphOf(40, ring(40)));
    const before = settle(layout);
    layout.update(graphOf(41, [...ring(40), [7, 40]]));
    const after = settle(layout);
    const moved = Array.from({ length: 40 }, (_, index) => distance(before.at(index), after.at(index)));
    expect(Math.max(...moved)).toBeLessThan(60);
    expect(moved.reduce((sum, each) => sum + each, 0) / 40).toBeLessThan(15);
    expect(distance(after.at(40), after.at(7))).toBeLessThan(150);
  });

  it('keeps members of a group together', () => {
    const layout = createLayout();
    layout.update(
      graphOf(
        40,
        [],
        Array.from({ length: 40 }, (_, index) => index % 2),
      ),
    );
    const { at } = settle(layout);
    const middle = (group: number) => {
      const members = Array.from({ length: 20 }, (_, index) => at(index * 2 + group));
      return [
        members.reduce((sum, [x]) => sum + x, 0) / 20,
        members.reduce((sum, [, y]) => sum + y, 0) / 20,
      ] as const;
    };
    expect(distance(middle(0), middle(1))).toBeGreaterThan(60);
  });

  it('keeps what has no link beside what has', () => {
    const layout = createLayout();
    layout.update(graphOf(14, ring(12)));
    const { at } = settle(layout);
    const reach = Math.max(...ring(12).map(([index]) => distance(at(index), [0, 0])));
    for (const lonely of [12, 13]) expect(distance(at(lonely), [0, 0])).toBeLessThan(reach * 2);
  });

  it('is the same each time', () => {
    const [one, two] = [createLayout(), createLayout()];
    for (const layout of [one, two]) {
      layout.update(graphOf(25, ring(25)));
      settle(layout);
    }
    expect(one.positions()).toEqual(two.positions());
  });

  it('holds a node where a person put it', () => {
    const layout = createLayout();
    layout.update(graphOf(5, ring(5)));
    settle(layout);
    layout.pin(2, { x: 500, y: 500 });
    expect(settle(layout).at(2)).toEqual([500, 500]);
  });

  it('of nothing is at rest', () => {
    const layout = createLayout();
    layout.update(graphOf(0, []));
    expect(layout.step()).toBe(false);
  });
});
