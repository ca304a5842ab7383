import { expect, test } from 'vitest';
import { walkLive } from './live-walk.ts';

const children = new Map([
  ['/', ['a', 'b', 'skip']],
  ['/a', Array.from({ length: 1000 }, (_, i) => `n${i}`)],
  ['/b', ['c']],
  ['/skip', ['x']],
]);

test('every path is visited once, parents first, and no more than so many at once', async () => {
  const visited: string[] = [];
  let now = 0;
  let most = 0;
  await walkLive({
    roots: ['/'],
    includes: (path) => !path.startsWith('/skip'),
    visit: async (path) => {
      visited.push(path);
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      return children.get(path) ?? [];
    },
  });
  expect(visited).toHaveLength(1 + 2 + 1000 + 1);
  expect(new Set(visited).size).toBe(visited.length);
  expect(visited.indexOf('/b')).toBeLessThan(visited.indexOf('/b/c'));
  expect(most).toBeLessThanOrEqual(128);
});

test('the first failure ends the walk', async () => {
  const visit = async (path: string) => {
    if (path === '/b') throw new Error('gone');
    return children.get(path) ?? [];
  };
  await expect(walkLive({ roots: ['/'], includes: () => true, visit })).rejects.toThrow('gone');
});

test('a signal ends the walk', async () => {
  const abort = new AbortController();
  const visit = async (path: string) => {
    abort.abort(new Error('enough'));
    return children.get(path) ?? [];
  };
  const walk = walkLive({ roots: ['/'], includes: () => true, visit, signal: abort.signal });
  await expect(walk).rejects.toThrow('enough');
});
