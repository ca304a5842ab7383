/** The value below which `fraction` of the samples lie; the samples need not be sorted. Throws when there are none. */
export function percentile(samples: Iterable<number>, fraction: number): number {
  const sorted = Float64Array.from(samples).sort();
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
  if (value === undefined) throw new RangeError('no samples to take a percentile of');
  return value;
}

/** The middle one, or the mean of the two in the middle. */
export function median(samples: Iterable<number>): number {
  const sorted = Float64Array.from(samples).sort();
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  if (high === undefined || low === undefined) throw new RangeError('no samples to take a median of');
  return (low + high) / 2;
}
