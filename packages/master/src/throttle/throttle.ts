import type { Clock, Timer } from '@orchestrator/runtime';
import { MasterError } from '../errors.ts';
import type { RateLimit, RateLimits } from './rate-limits.ts';

/** Calls one after the other, at equal distances. */
class Queue {
  readonly #capacity: number;
  readonly #distanceMs: number;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #nextMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(qps: number, capacity: number, clock: Clock) {
    this.#capacity = capacity;
    this.#distanceMs = 1000 / qps;
    this.#clock = clock;
  }

  turn(): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (this.#waiting.length === 0 && nowMs >= this.#nextMs) {
      this.#nextMs = nowMs + this.#distanceMs;
      return undefined;
    }
    if (this.#waiting.length >= this.#capacity) {
      throw new MasterError(
        'limit',
        `Message mesos.scheduler.Call dropped: capacity(${this.#capacity}) exceeded`,
      );
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#timer === undefined) this.#wait();
    });
  }

  #wait(): void {
    const delayMs = Math.max(0, this.#nextMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      // A timer may be late: whoever was due by now goes.
      for (const nowMs = this.#clock.monotonicMs(); this.#waiting.length > 0 && this.#nextMs <= nowMs; ) {
        this.#nextMs += this.#distanceMs;
        this.#waiting.shift()?.();
      }
      if (this.#waiting.length > 0) this.#wait();
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
  }
}

/** Holds back the calls of frameworks, by their principal. */
export class Throttle {
  readonly #byPrincipal: ReadonlyMap<string, Queue | undefined>;
  readonly #others: Queue | undefined;

  constructor({ byPrincipal, others }: RateLimits, clock: Clock) {
    const queueOf = ({ qps, capacity }: RateLimit) =>
      qps === undefined ? undefined : new Queue(qps, capacity, clock);
    this.#byPrincipal = new Map([...byPrincipal].map(([principal, limit]) => [principal, queueOf(limit)]));
    this.#others = queueOf(others);
  }

  /**
   * Undefined: at once. Otherwise resolves when it is the call's turn, in the order in which they came.
   *
   * @throws MasterError `limit` when too many wait already
   */
  turn(principal: string): Promise<void> | undefined {
    const queue = this.#byPrincipal.has(principal) ? this.#byPrincipal.get(principal) : this.#others;
    return queue?.turn();
  }

  /** Whoever waits is not called any more. */
  close(): void {
    for (const queue of [...this.#byPrincipal.values(), this.#others]) queue?.close();
  }
}
