import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CachedFile, evictions } from './cache.ts';

const file = (key: string, bytes: number, lastUsedMs: number, inUse = false): CachedFile => ({
  key,
  bytes,
  lastUsedMs,
  inUse,
});

test('the longest unused go first, and no more than needed', () => {
  const files = [file('new', 40, 3), file('old', 40, 1), file('used', 10, 0, true)];
  expect(evictions(files, 10, 100)).toEqual([]);
  expect(evictions(files, 50, 100)).toEqual(['old']);
  expect(evictions(files, 90, 100)).toEqual(['old', 'new']);
  expect(evictions(files, 91, 100)).toBeUndefined();
});

test('the cache never grows beyond its capacity', () => {
  const files = fc.array(fc.tuple(fc.nat(50), fc.nat(9), fc.boolean()), { maxLength: 8 });
  fc.assert(
    fc.property(files, fc.nat(120), (rows, needed) => {
      const all = rows.map(([bytes, at, inUse], index) => file(`${index}`, bytes, at, inUse));
      const gone = evictions(all, needed, 100);
      if (gone === undefined) return;
      const left = all.filter(({ key }) => !gone.includes(key));
      expect(left.reduce((total, { bytes }) => total + bytes, needed)).toBeLessThanOrEqual(100);
      expect(all.every(({ key, inUse }) => !inUse || !gone.includes(key))).toBe(true);
    }),
  );
});
