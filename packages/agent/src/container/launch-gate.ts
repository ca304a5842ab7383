/**
 * How many containers are made and started at a time. More than the processors can work on makes each of them slower and
 * none faster; and of twenty launched at once those begun first should run first, not all of them at the end.
 */
import { availableParallelism } from 'node:os';

export const defaultLaunchConcurrency = Math.max(2, availableParallelism());

export class LaunchGate {
  readonly #width: number;
  #inside = 0;
  /** Starts go before creations: what was begun is finished first. */
  readonly #waiting: Record<'start' | 'create', (() => void)[]> = { start: [], create: [] };

  constructor(width = defaultLaunchConcurrency) {
    this.#width = width;
  }

  async run<T>(stage: 'start' | 'create', work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#width) this.#inside++;
    else await new Promise<void>((resolve) => this.#waiting[stage].push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.start.shift() ?? this.#waiting.create.shift();
      // Whoever is next takes the place.
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
