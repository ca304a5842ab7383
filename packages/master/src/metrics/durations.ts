/** How long something took, the last times it was done. */

/** What is looked back on. Mesos keeps an hour of them, and no more than this. */
const mostKept = 1_000;

const percentiles = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
  ['p9999', 0.9999],
] as const;

/** Between two values, in proportion. */
function percentileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low = 0, high = low] = [sorted[below], sorted[below + 1]];
  return low + (place - below) * (high - low);
}

export class Durations {
  readonly #kept = new Float64Array(mostKept);
  #count = 0;
  #lastMs: number | undefined;

  record(durationMs: number): void {
    this.#kept[this.#count % mostKept] = durationMs;
    this.#count++;
    this.#lastMs = durationMs;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** By Mesos' keys, `key` being that of the last one. Nothing where nothing was recorded. */
  *figures(key: string): Iterable<[name: string, value: number]> {
    if (this.#lastMs === undefined) return;
    const sorted = this.#kept.slice(0, Math.min(this.#count, mostKept)).sort();
    yield [key, this.#lastMs];
    yield [`${key}/count`, this.#count];
    yield [`${key}/min`, sorted[0] ?? 0];
    yield [`${key}/max`, sorted.at(-1) ?? 0];
    for (const [name, share] of percentiles) yield [`${key}/${name}`, percentileOf(sorted, share)];
  }
}
