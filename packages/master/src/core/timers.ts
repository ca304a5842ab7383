/** Deadlines of the core, by name: it has no clock, so whoever drives it asks when the next one is due. */
export class Timers<Timer> {
  readonly #deadlines = new Map<string, { readonly atMs: number; readonly timer: Timer }>();
  /** A heap of [deadline, name]; entries that the map does not confirm are out of date and passed over. */
  readonly #heap: { atMs: number; name: string }[] = [];

  get size(): number {
    return this.#deadlines.size;
  }

  /** Replaces a deadline of the same name. */
  set(name: string, atMs: number, timer: Timer): void {
    this.#deadlines.set(name, { atMs, timer });
    this.#push({ atMs, name });
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#deadlines.size) this.#rebuild();
  }

  cancel(name: string): void {
    this.#deadlines.delete(name);
  }

  has(name: string): boolean {
    return this.#deadlines.has(name);
  }

  nextDueMs(): number | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#deadlines.get(top.name)?.atMs === top.atMs) return top.atMs;
      this.#pop();
    }
    return undefined;
  }

  /** Takes the earliest deadline that is due. */
  takeDue(nowMs: number): Timer | undefined {
    const dueMs = this.nextDueMs();
    if (dueMs === undefined || dueMs > nowMs) return undefined;
    const top = this.#pop();
    const due = top === undefined ? undefined : this.#deadlines.get(top.name);
    if (top !== undefined) this.#deadlines.delete(top.name);
    return due?.timer;
  }

  #rebuild(): void {
    this.#heap.length = 0;
    for (const [name, { atMs }] of this.#deadlines) this.#push({ atMs, name });
  }

  #push(entry: { atMs: number; name: string }): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.atMs <= entry.atMs) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): { atMs: number; name: string } | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (left === undefined) break;
      if (right !== undefined && right.atMs < left.atMs) child++;
      const smaller = heap[child];
      if (smaller === undefined || smaller.atMs >= last.atMs) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}
