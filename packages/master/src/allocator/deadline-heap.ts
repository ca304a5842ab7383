/** Things with a deadline, the earliest first. */
export class DeadlineHeap<T> {
  readonly #entries: { readonly atMs: number; readonly item: T }[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** All of them, in no order. */
  *[Symbol.iterator](): Iterator<T> {
    for (const { item } of this.#entries) yield item;
  }

  /** The earliest deadline; `undefined` when there is none. */
  get nextAtMs(): number | undefined {
    return this.#entries[0]?.atMs;
  }

  add(atMs: number, item: T): void {
    const entry = { atMs, item };
    let index = this.#entries.push(entry) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || parent.atMs <= atMs) break;
      this.#entries[index] = parent;
      index = above;
    }
    this.#entries[index] = entry;
  }

  /** Takes out the earliest if its deadline is not after `nowMs`. */
  takeDue(nowMs: number): T | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = this.#entries.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first.item;
  }

  #sink(entry: { readonly atMs: number; readonly item: T }): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = entries[left + 1];
      let child = entries[left];
      let at = left;
      if (child !== undefined && right !== undefined && right.atMs < child.atMs) {
        child = right;
        at = left + 1;
      }
      if (child === undefined || child.atMs >= entry.atMs) break;
      entries[index] = child;
      index = at;
    }
    entries[index] = entry;
  }
}
