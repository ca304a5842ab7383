import { describe, expect, test } from 'vitest';
import { watchChunks } from './restore-watches.ts';
import { type WatchKind, type WatchListener, WatchRegistry } from './watches.ts';

function registryWith(...entries: [WatchKind, string][]): [WatchRegistry, Record<string, WatchListener>] {
  const registry = new WatchRegistry();
  const listeners: Record<string, WatchListener> = {};
  for (const [kind, path] of entries) {
    const listener = () => undefined;
    listeners[`${kind} ${path}`] = listener;
    registry.add(kind, path, listener);
  }
  return [registry, listeners];
}

describe('WatchRegistry', () => {
  test('a one-shot watch hears of one change', () => {
    const [registry, listeners] = registryWith(['data', '/a']);
    expect(registry.take('nodeDataChanged', '/a')).toEqual([listeners['data /a']]);
    expect(registry.take('nodeDataChanged', '/a')).toEqual([]);
  });

  test('a deletion ends data, exists and child watches alike, and tells each listener once', () => {
    const registry = new WatchRegistry();
    const listener = () => undefined;
    for (const kind of ['data', 'exists', 'children', 'persistent'] as const)
      registry.add(kind, '/a', listener);
    expect(registry.take('nodeDeleted', '/a')).toEqual([listener]);
    expect(registry.paths('data')).toEqual([]);
    expect(registry.paths('children')).toEqual([]);
    expect(registry.paths('persistent')).toEqual(['/a']);
  });

  test('a recursive watch hears of all below, and not of lists of children', () => {
    const [registry, listeners] = registryWith(['persistentRecursive', '/a'], ['persistentRecursive', '/']);
    const [below, all] = [listeners['persistentRecursive /a'], listeners['persistentRecursive /']];
    expect(registry.take('nodeCreated', '/a/b/c')).toEqual([below, all]);
    expect(registry.take('nodeCreated', '/ab')).toEqual([all]);
    expect(registry.take('nodeChildrenChanged', '/a')).toEqual([]);
  });

  test('a persistent watch serves one-shot ones on the same path', () => {
    const [registry] = registryWith(['persistent', '/p'], ['persistentRecursive', '/r']);
    expect(registry.needsServer('data', '/p')).toBe(false);
    expect(registry.needsServer('children', '/p')).toBe(false);
    expect(registry.needsServer('data', '/r')).toBe(false);
    expect(registry.needsServer('children', '/r')).toBe(true);
    expect(registry.needsServer('data', '/r/below')).toBe(true);
  });
});

describe('watchChunks', () => {
  test('puts each watch into one list of its kind, none of them too large', () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/node-${i}`);
    const [registry] = registryWith(...paths.map((path): [WatchKind, string] => ['data', path]), [
      'persistentRecursive',
      '/',
    ]);
    const chunks = watchChunks(registry, '/app', 200);
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.flatMap((lists) => lists.data)).toEqual(paths.map((path) => `/app${path}`));
    expect(chunks.flatMap((lists) => lists.persistentRecursive)).toEqual(['/app']);
    for (const lists of chunks) {
      const bytes = Object.values(lists)
        .flat()
        .reduce((sum, path) => sum + 4 + path.length, 0);
      expect(bytes).toBeLessThanOrEqual(200 - 64);
    }
  });

  test('sets a child watch after the recursive one on the same path', () => {
    const [registry] = registryWith(['children', '/a'], ['children', '/b'], ['persistentRecursive', '/a']);
    expect(watchChunks(registry, '', 1000)).toMatchObject([
      { children: ['/b'], persistentRecursive: ['/a'] },
      { children: ['/a'], persistentRecursive: [] },
    ]);
  });

  test('of nothing are none', () => {
    expect(watchChunks(new WatchRegistry(), '', 1000)).toEqual([]);
  });
});
