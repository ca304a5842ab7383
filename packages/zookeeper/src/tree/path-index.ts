/**
 * Path to slot. Spread over many maps: one map that holds a million entries stops the event loop for long each time it
 * doubles, and cannot hold more than 16 million.
 */
const shards = 256;

export class PathIndex {
  #maps: Map<string, number>[] = createMaps();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(path: string): number | undefined {
    return this.#shard(path).get(path);
  }

  has(path: string): boolean {
    return this.#shard(path).has(path);
  }

  /** `path` must be absent. */
  add(path: string, slot: number): void {
    this.#shard(path).set(path, slot);
    this.#size++;
  }

  remove(path: string): void {
    if (this.#shard(path).delete(path)) this.#size--;
  }

  clear(): void {
    this.#maps = createMaps();
    this.#size = 0;
  }

  /** Siblings differ at their end, so that is what spreads. */
  #shard(path: string): Map<string, number> {
    const end = path.length;
    const spread =
      end < 3
        ? end
        : path.charCodeAt(end - 1) * 41 + path.charCodeAt(end - 2) * 17 + path.charCodeAt(end - 3);
    return this.#maps[spread % shards] as Map<string, number>;
  }
}

function createMaps(): Map<string, number>[] {
  return Array.from({ length: shards }, () => new Map<string, number>());
}
