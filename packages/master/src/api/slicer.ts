/** A garbage collection of all that a large cluster is comes on top of it. */
const defaultSliceMs = 5;

/**
 * Turns for work that takes long: however many answers are being made, the event loop serves everybody else after each slice
 * of one of them. Share one among all that must not keep the loop. `nowMs` is a monotonic clock's.
 */
export class Slicer {
  readonly #nowMs: () => number;
  readonly #sliceMs: number;
  readonly #waiting: (() => void)[] = [];
  #startedMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number, sliceMs = defaultSliceMs) {
    this.#nowMs = nowMs;
    this.#sliceMs = sliceMs;
  }

  /** To be awaited between two pieces of work; undefined while there is time left, so that most pieces cost no turn. */
  pause(): Promise<void> | undefined {
    if (this.#nowMs() - this.#startedMs < this.#sliceMs) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#next());
    });
  }

  /** Runs `work` to its end, with turns for others where it yields. */
  async run<Result>(work: Generator<undefined, Result>): Promise<Result> {
    for (let step = work.next(); ; step = work.next()) {
      if (step.done === true) return step.value;
      const pause = this.pause();
      if (pause !== undefined) await pause;
    }
  }

  #next(): void {
    this.#startedMs = this.#nowMs();
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
  }
}
