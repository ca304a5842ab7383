import { expect, it } from 'vitest';
import type { DrawnNode } from '../model/drawn.ts';
import { sceneOf } from './scene.ts';
import { createSeenLinks } from './seen-links.ts';

const node = (id: string): DrawnNode => ({
  ...{ id, label: id, minor: '', shape: 'circle', tone: 'ok', isPseudo: false },
  ...{ members: 0, level: undefined, size: undefined, group: undefined, kind: '' },
});
const scene = (ids: readonly string[], links: readonly (readonly [string, string])[]) =>
  sceneOf(
    {
      nodes: ids.map(node),
      edges: links.map(([from, to]) => ({ from, to, count: 1, connections: 1, bytesPerS: 0 })),
      tones: new Map(),
    },
    false,
  );

it('a connection that comes and goes moves nothing', () => {
  const links = createSeenLinks();
  expect(links.take(scene(['a', 'b', 'c'], [['a', 'b']]))).toBe(1);
  expect(links.take(scene(['a', 'b', 'c'], []))).toBe(0);
  expect(links.take(scene(['a', 'b', 'c'], [['b', 'a']]))).toBe(0);
  expect(links.count).toBe(1);
  expect([...links.pairs()]).toEqual([0, 1]);
});

it('links of what has gone are forgotten', () => {
  const links = createSeenLinks();
  links.take(scene(['a', 'b'], [['a', 'b']]));
  links.take(scene(['a'], []));
  expect(links.count).toBe(0);
  expect(links.take(scene(['a', 'b'], [['a', 'b']]))).toBe(1);
});
