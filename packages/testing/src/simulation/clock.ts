/**
 * Time that moves only when told to, for tests and simulations that a seed decides alone.
 *
 * Faults it models: the wall clock jumping, in either direction, while durations stay right (`jumpWallClock`); timers
 * firing late, all at once, as in a process that was frozen (`stall`). It does not model clocks that drift apart: give
 * each node a clock of its own for that, and move them by different amounts.
 */
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { TestingError } from '../errors.ts';

interface Entry {
  dueMs: number;
  /** Timers due at the same time fire in the order in which they were set. */
  order: number;
  callback: (() => void) | undefined;
}

/** A chain of timers that sets itself anew without moving time would never end. */
const mostTimersPerAdvance = 1_000_000;

const isBefore = (one: Entry, other: Entry) =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);

export class SimulatedClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  #active = 0;
  /** A binary heap: no entry is before the one at half its index. */
  readonly #heap: Entry[] = [];

  /** `startMs` is the first wall-clock time, default 2025-01-01T00:00:00Z. */
  constructor(startMs: number = Date.UTC(2025, 0, 1)) {
    this.#wallOffsetMs = startMs;
  }

  nowMs(): number {
    return Math.floor(this.#wallOffsetMs + this.#monotonicMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#push(entry);
    this.#active++;
    return {
      cancel: () => {
        if (entry.callback === undefined) return;
        entry.callback = undefined;
        this.#active--;
      },
    };
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#active;
  }

  /** Time until the next timer, undefined without one. */
  untilNextMs(): number | undefined {
    const next = this.#peek();
    return next === undefined ? undefined : Math.max(0, next.dueMs - this.#monotonicMs);
  }

  /** Moves time and runs what becomes due, each at its own time, in order. For code without promises. */
  advance(durationMs: number): void {
    const endMs = this.#monotonicMs + durationMs;
    for (let fired = 0; this.#fireNext(endMs); fired++) expectEnd(fired);
    this.#monotonicMs = endMs;
  }

  /** As `advance`, and lets everything that waits for promises run up to its next wait between any two timers. */
  async run(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs;
    await settle();
    for (let fired = 0; this.#fireNext(endMs); fired++) {
      expectEnd(fired);
      await settle();
    }
    this.#monotonicMs = endMs;
    await settle();
  }

  /** Moves time as far as the promise needs; rejects with `Timeout` when it needs more than `limitMs`. */
  async runUntil<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const endMs = this.#monotonicMs + limitMs;
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    await settle();
    for (let fired = 0; !settled; fired++) {
      expectEnd(fired);
      if (!this.#fireNext(endMs)) {
        throw new TestingError(
          'Timeout',
          `not settled in ${limitMs} simulated ms; ${this.pending} timers left`,
        );
      }
      await settle();
    }
    return promise;
  }

  /** Moves time at once and only then runs what was due on the way: all of it is late. */
  stall(durationMs: number): void {
    this.#monotonicMs += durationMs;
    this.advance(0);
  }

  /** The wall clock is set, forward or (negative) back. */
  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  #fireNext(endMs: number): boolean {
    const next = this.#peek();
    if (next === undefined || next.dueMs > endMs) return false;
    this.#pop();
    this.#active--;
    this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs);
    const { callback } = next;
    next.callback = undefined;
    callback?.();
    return true;
  }

  #peek(): Entry | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#pop();
    return this.#heap[0];
  }

  #push(entry: Entry): void {
    let index = this.#heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = entry;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = this.#heap[childIndex];
      const right = this.#heap[childIndex + 1];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex++;
      }
      if (child === undefined || isBefore(last, child)) break;
      this.#heap[index] = child;
      index = childIndex;
    }
    this.#heap[index] = last;
  }
}

function expectEnd(fired: number): void {
  if (fired < mostTimersPerAdvance) return;
  throw new TestingError(
    'Timeout',
    `${fired} timers fired in one go; something sets itself anew without end`,
  );
}

/** All promise callbacks that can run have run when the event loop comes round. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
