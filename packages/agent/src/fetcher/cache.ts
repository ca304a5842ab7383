/** Which files of the fetcher's cache go to make room for another. Pure. */
export interface CachedFile {
  key: string;
  bytes: number;
  lastUsedMs: number;
  /** Being copied from; cannot go. */
  inUse: boolean;
}

/** Keys to remove, the longest unused first; undefined when not even that makes enough room. */
export function evictions(
  files: Iterable<CachedFile>,
  neededBytes: number,
  capacityBytes: number,
): string[] | undefined {
  const all = [...files];
  let free = capacityBytes - all.reduce((total, { bytes }) => total + bytes, 0);
  const candidates = all
    .filter(({ inUse }) => !inUse)
    .sort((left, right) => left.lastUsedMs - right.lastUsedMs);
  const keys: string[] = [];
  for (const { key, bytes } of candidates) {
    if (free >= neededBytes) break;
    keys.push(key);
    free += bytes;
  }
  return free >= neededBytes ? keys : undefined;
}
