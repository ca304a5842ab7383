import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keySpace, rangeOf, successor } from './keys.ts';

test('a range holds exactly the keys that begin with its prefix', () => {
  const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array));
  const edge = fc
    .array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 4 })
    .map((array) => Buffer.from(array));
  fc.assert(
    fc.property(fc.oneof(bytes, edge), fc.oneof(bytes, edge), (prefix, key) => {
      fc.pre(key.length > 0);
      const { key: first, range_end: end } = rangeOf(prefix);
      const isOpen = end.equals(Buffer.of(0));
      const inside = Buffer.compare(key, first) >= 0 && (isOpen || Buffer.compare(key, end) < 0);
      expect(inside).toBe(key.subarray(0, prefix.length).equals(prefix));
    }),
  );
});

test('nothing lies between a key and its successor', () => {
  const key = Buffer.from('a');
  expect(Buffer.compare(key, successor(key))).toBeLessThan(0);
  expect(successor(key)).toEqual(Buffer.from('a\0'));
});

test('a namespace is put before keys and taken away again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (namespace, key) => {
      const space = keySpace(namespace);
      expect(space.decode(space.encode(key))).toBe(key);
    }),
  );
});
