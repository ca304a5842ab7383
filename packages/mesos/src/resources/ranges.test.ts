import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addRanges,
  coalesce,
  containsRanges,
  countRanges,
  formatRanges,
  pairsOf,
  type Ranges,
  subtractRanges,
} from './ranges.ts';

/** The plain model: a set of numbers. */
function numbersOf(ranges: Ranges): Set<number> {
  const numbers = new Set<number>();
  for (const [begin, end] of pairsOf(ranges)) for (let at = begin; at <= end; at++) numbers.add(at);
  return numbers;
}

const someRanges = fc
  .array(fc.tuple(fc.nat(40), fc.nat(8)), { maxLength: 8 })
  .map((pairs) => coalesce(pairs.map(([begin, length]) => [begin, begin + length] as const)));

test('ranges do what sets of numbers do', () => {
  fc.assert(
    fc.property(someRanges, someRanges, (left, right) => {
      const [a, b] = [numbersOf(left), numbersOf(right)];
      expect(numbersOf(addRanges(left, right))).toEqual(new Set([...a, ...b]));
      expect(numbersOf(subtractRanges(left, right))).toEqual(new Set([...a].filter((at) => !b.has(at))));
      expect(containsRanges(left, right)).toBe([...b].every((at) => a.has(at)));
      expect(countRanges(left)).toBe(a.size);
    }),
  );
});

test('ranges are sorted, and apart from each other', () => {
  fc.assert(
    fc.property(someRanges, someRanges, (left, right) => {
      for (const ranges of [addRanges(left, right), subtractRanges(left, right)]) {
        for (let index = 1; index < ranges.length; index++) {
          const gap = index % 2 === 0 ? 2 : 0;
          expect(ranges[index]! - ranges[index - 1]!).toBeGreaterThanOrEqual(gap);
        }
      }
    }),
  );
});

test('printed as Mesos prints them', () => {
  expect(
    formatRanges(
      coalesce([
        [31010, 31010],
        [31000, 31002],
        [31003, 31005],
      ]),
    ),
  ).toBe('[31000-31005, 31010-31010]');
  expect(formatRanges([])).toBe('[]');
});
