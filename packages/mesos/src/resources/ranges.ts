/**
 * Ranges of whole numbers, both ends included, as one flat list: begin, end, begin, end, … Sorted, apart from each
 * other by at least one number. Numbers up to 2^53 - 1.
 */
export type Ranges = readonly number[];

export const noRanges: Ranges = [];

const begin = (ranges: Ranges, index: number) => ranges[index] ?? Number.POSITIVE_INFINITY;
const end = (ranges: Ranges, index: number) => ranges[index + 1] ?? Number.POSITIVE_INFINITY;

/** Sorts pairs and joins those that overlap or touch. */
export function coalesce(pairs: readonly (readonly [number, number])[]): Ranges {
  const sorted = [...pairs].sort((left, right) => left[0] - right[0]);
  const result: number[] = [];
  for (const [first, last] of sorted) {
    const previous = result.length - 1;
    const previousEnd = result[previous];
    if (previousEnd !== undefined && first <= previousEnd + 1) {
      result[previous] = Math.max(previousEnd, last);
    } else {
      result.push(first, last);
    }
  }
  return result;
}

export function addRanges(left: Ranges, right: Ranges): Ranges {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  return coalesce([...pairsOf(left), ...pairsOf(right)]);
}

export function subtractRanges(left: Ranges, right: Ranges): Ranges {
  if (left.length === 0 || right.length === 0) return left;
  const result: number[] = [];
  let cut = 0;
  for (let index = 0; index < left.length; index += 2) {
    let from = begin(left, index);
    const to = end(left, index);
    while (cut < right.length && end(right, cut) < from) cut += 2;
    for (let next = cut; next < right.length && begin(right, next) <= to; next += 2) {
      if (begin(right, next) > from) result.push(from, begin(right, next) - 1);
      from = end(right, next) + 1;
    }
    if (from <= to) result.push(from, to);
  }
  return result;
}

export function containsRanges(left: Ranges, right: Ranges): boolean {
  let index = 0;
  for (let wanted = 0; wanted < right.length; wanted += 2) {
    while (index < left.length && end(left, index) < begin(right, wanted)) index += 2;
    if (index >= left.length) return false;
    if (begin(left, index) > begin(right, wanted) || end(left, index) < end(right, wanted)) return false;
  }
  return true;
}

export function equalRanges(left: Ranges, right: Ranges): boolean {
  return left.length === right.length && left.every((bound, index) => bound === right[index]);
}

/** How many numbers there are in all. */
export function countRanges(ranges: Ranges): number {
  let count = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    count += end(ranges, index) - begin(ranges, index) + 1;
  }
  return count;
}

export function* pairsOf(ranges: Ranges): Generator<[number, number]> {
  for (let index = 0; index < ranges.length; index += 2) yield [begin(ranges, index), end(ranges, index)];
}

/** `[31000-31005, 31010-31010]` */
export function formatRanges(ranges: Ranges): string {
  return `[${[...pairsOf(ranges)].map(([first, last]) => `${first}-${last}`).join(', ')}]`;
}
