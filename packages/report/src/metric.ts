/** What a metric may be between, as far as is known; NaN where nothing is. The later one wins. */
export interface MetricRange {
  /** Milliseconds since 1970; 0 for never. */
  readonly timeMs: number;
  readonly min: number;
  readonly max: number;
}

/**
 * A series of samples. A value stands until the next sample, so a probe need not repeat what has not changed. The two
 * lists are of one length, ordered by time, no time twice.
 */
export interface Metric {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  readonly range: MetricRange;
}

export type Metrics = ReadonlyMap<string, Metric>;

/** Samples that a merge keeps of each metric: the newest. A minute of one each three seconds. */
export const maxSamplesPerMetric = 20;

const none: Metrics = new Map();
export const noMetrics = (): Metrics => none;

export const unknownRange: MetricRange = { timeMs: 0, min: Number.NaN, max: Number.NaN };
const emptyMetric: Metric = { timesMs: [], values: [], range: unknownRange };

/** NaN counts as less than every number, so that what is known wins. */
const greater = (a: number, b: number) => a > b || (Number.isNaN(b) && !Number.isNaN(a));

function rangeWins(a: MetricRange, b: MetricRange): boolean {
  if (a.timeMs !== b.timeMs) return b.timeMs > a.timeMs;
  return greater(b.max, a.max) || (Object.is(b.max, a.max) && greater(b.min, a.min));
}

const rangeAfter = (range: MetricRange, afterMs: number) => (range.timeMs > afterMs ? range : unknownRange);

function mergeSamples(a: Metric, b: Metric, afterMs: number): Pick<Metric, 'timesMs' | 'values'> {
  const timesMs: number[] = [];
  const values: number[] = [];
  const add = (timeMs: number, value: number) => {
    if (timeMs <= afterMs) return;
    timesMs.push(timeMs);
    values.push(value);
  };
  let [i, j] = [0, 0];
  while (i < a.timesMs.length || j < b.timesMs.length) {
    const left = a.timesMs[i] ?? Number.POSITIVE_INFINITY;
    const right = b.timesMs[j] ?? Number.POSITIVE_INFINITY;
    const leftValue = a.values[i] ?? 0;
    const rightValue = b.values[j] ?? 0;
    if (left < right) add(left, leftValue);
    else if (right < left) add(right, rightValue);
    else add(left, Math.max(leftValue, rightValue));
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return { timesMs: timesMs.slice(-maxSamplesPerMetric), values: values.slice(-maxSamplesPerMetric) };
}

const sameNumbers = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, index) => value === b[index]);

function mergeMetric(a: Metric, b: Metric, afterMs: number): Metric {
  const winner = rangeWins(a.range, b.range) ? b.range : a.range;
  const range = rangeAfter(winner, afterMs);
  const { timesMs, values } = mergeSamples(a, b, afterMs);
  const same = range === a.range && sameNumbers(timesMs, a.timesMs) && sameNumbers(values, a.values);
  return same ? a : { timesMs, values, range };
}

const isEmpty = (metric: Metric) => metric.timesMs.length === 0 && metric.range.timeMs === 0;

/** Samples later than `afterMs`, the newest of both. */
export function mergeMetrics(a: Metrics, b: Metrics, afterMs: number): Metrics {
  let merged: Map<string, Metric> | undefined;
  const set = (key: string, before: Metric, after: Metric) => {
    if (after === before) return;
    merged ??= new Map(a);
    if (isEmpty(after)) merged.delete(key);
    else merged.set(key, after);
  };
  for (const [key, metric] of a) {
    const other = b.get(key);
    const isLate = (metric.timesMs[0] ?? Number.POSITIVE_INFINITY) > afterMs && metric.range.timeMs > afterMs;
    if (isLate && (other === undefined || other === metric)) continue;
    set(key, metric, mergeMetric(metric, other ?? emptyMetric, afterMs));
  }
  if (a !== b) {
    for (const [key, metric] of b)
      if (!a.has(key)) set(key, emptyMetric, mergeMetric(emptyMetric, metric, afterMs));
  }
  return merged ?? a;
}

function diffMetric(a: Metric | undefined, b: Metric): Metric | undefined {
  if (a === b) return undefined;
  if (a === undefined) return b;
  const merged = mergeMetric(a, b, Number.NEGATIVE_INFINITY);
  if (merged === a) return undefined;
  const known = new Map(a.timesMs.map((timeMs, index) => [timeMs, a.values[index]]));
  const timesMs: number[] = [];
  const values: number[] = [];
  for (const [index, timeMs] of merged.timesMs.entries()) {
    const value = merged.values[index] ?? 0;
    if (known.get(timeMs) === value) continue;
    timesMs.push(timeMs);
    values.push(value);
  }
  return { timesMs, values, range: merged.range === a.range ? unknownRange : merged.range };
}

/** The samples of `b` that change something in `a`. */
export function diffMetrics(a: Metrics, b: Metrics): Metrics {
  if (a === b || b.size === 0) return none;
  let changed: Map<string, Metric> | undefined;
  for (const [key, metric] of b) {
    const difference = diffMetric(a.get(key), metric);
    if (difference === undefined) continue;
    changed ??= new Map();
    changed.set(key, difference);
  }
  return changed ?? none;
}

/** A metric with one more sample; times must rise. The range is kept if it is the same as before. */
export function addSample(
  before: Metric | undefined,
  timeMs: number,
  value: number,
  min = Number.NaN,
  max = Number.NaN,
): Metric {
  const known = before?.range;
  const sameRange = known !== undefined && Object.is(known.min, min) && Object.is(known.max, max);
  return {
    timesMs: [...(before?.timesMs ?? []).slice(1 - maxSamplesPerMetric), timeMs],
    values: [...(before?.values ?? []).slice(1 - maxSamplesPerMetric), value],
    range: sameRange ? known : { timeMs, min, max },
  };
}
