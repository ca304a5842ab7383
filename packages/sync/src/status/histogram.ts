/**
 * Percentiles of the last minute in fixed memory: one row of counters per second, each row logarithmic with sixteen steps
 * per doubling, so that a percentile is off by at most 6 %.
 */
const slots = 60;
const stepsPerDoubling = 16;
/** From 1/64 ms; forty doublings reach far beyond any lag. */
const doublings = 40;
const smallestMs = 1 / 64;
const buckets = stepsPerDoubling * doublings;

function bucketOf(valueMs: number): number {
  if (valueMs <= smallestMs) return 0;
  const bucket = Math.ceil(Math.log2(valueMs / smallestMs) * stepsPerDoubling);
  return Math.min(bucket, buckets - 1);
}

const upperBoundMs = (bucket: number) => smallestMs * 2 ** (bucket / stepsPerDoubling);

export interface MinuteHistogram {
  /** `count` samples of `valueMs` seen at `nowMs` of a clock that never goes back. */
  add(nowMs: number, valueMs: number, count: number): void;
  /** Each fraction's value over the last minute, ascending fractions in; `null` when nothing was added. */
  quantiles(nowMs: number, fractions: readonly number[]): (number | null)[];
  /** Samples per second over the last `seconds` (at most 60). */
  ratePerS(nowMs: number, seconds: number): number;
}

export function createMinuteHistogram(): MinuteHistogram {
  const counters = new Uint32Array(slots * buckets);
  const totals = new Float64Array(slots);
  const secondOf = new Float64Array(slots).fill(-1);

  const rowAt = (second: number): number => {
    const row = second % slots;
    if (secondOf[row] !== second) {
      counters.fill(0, row * buckets, (row + 1) * buckets);
      totals[row] = 0;
      secondOf[row] = second;
    }
    return row;
  };

  const liveRows = (nowMs: number, seconds: number): number[] => {
    const now = Math.floor(nowMs / 1000);
    const rows: number[] = [];
    for (let row = 0; row < slots; row++) {
      const second = secondOf[row] ?? -1;
      if (second >= 0 && second > now - seconds) rows.push(row);
    }
    return rows;
  };

  return {
    add(nowMs, valueMs, count) {
      const row = rowAt(Math.floor(nowMs / 1000));
      const index = row * buckets + bucketOf(valueMs);
      counters[index] = (counters[index] ?? 0) + count;
      totals[row] = (totals[row] ?? 0) + count;
    },

    quantiles(nowMs, fractions) {
      const rows = liveRows(nowMs, slots);
      const total = rows.reduce((sum, row) => sum + (totals[row] ?? 0), 0);
      if (total === 0) return fractions.map(() => null);
      const found: (number | null)[] = [];
      let below = 0;
      for (let bucket = 0; bucket < buckets && found.length < fractions.length; bucket++) {
        for (const row of rows) below += counters[row * buckets + bucket] ?? 0;
        while (
          found.length < fractions.length &&
          below >= Math.max(1, (fractions[found.length] ?? 1) * total)
        ) {
          found.push(upperBoundMs(bucket));
        }
      }
      return found;
    },

    ratePerS(nowMs, seconds) {
      const rows = liveRows(nowMs, seconds);
      return rows.reduce((sum, row) => sum + (totals[row] ?? 0), 0) / seconds;
    },
  };
}
