/**
 * A client's connection to an ensemble: requests and replies in order, each with a delay. When it breaks, a request on its
 * way is lost or - what real servers do to one - still carried out later; a reply on its way is lost.
 */
import type { Clock, Random } from '@orchestrator/runtime';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly largestDelayMs: number;
  /** How late a request may still be carried out after its connection broke. */
  readonly largestLatenessMs: number;
}

interface Pending {
  readonly run: () => void;
  readonly onLost: () => void;
  stage: 'going' | 'returning' | 'over';
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #pending = new Set<Pending>();
  #lastArrivalMs = 0;
  #lastReplyMs = 0;
  isOpen = true;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** `request` runs at the server; then `onReply` gets its result, or `onLost` is called once the connection breaks. */
  send<T>(request: () => T, onReply: (result: T) => void, onLost: () => void): void {
    const { clock } = this.#options;
    if (!this.isOpen) {
      clock.after(0, onLost);
      return;
    }
    const pending: Pending = { run: () => request(), onLost, stage: 'going' };
    this.#pending.add(pending);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, clock.monotonicMs() + this.#delayMs());
    clock.after(this.#lastArrivalMs - clock.monotonicMs(), () => {
      if (pending.stage !== 'going') return;
      const result = request();
      pending.stage = 'returning';
      this.#lastReplyMs = Math.max(this.#lastReplyMs, clock.monotonicMs() + this.#delayMs());
      clock.after(this.#lastReplyMs - clock.monotonicMs(), () => {
        if (pending.stage !== 'returning') return;
        pending.stage = 'over';
        this.#pending.delete(pending);
        onReply(result);
      });
    });
  }

  break(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { clock, random, largestLatenessMs } = this.#options;
    // What was sent first is carried out first, if at all.
    let latenessMs = 0;
    let isCut = false;
    for (const pending of this.#pending) {
      if (pending.stage === 'going') {
        isCut ||= random.fraction() < 0.4;
        latenessMs += random.below(Math.max(1, largestLatenessMs / 4));
        if (!isCut) clock.after(latenessMs, pending.run);
      }
      pending.stage = 'over';
      pending.onLost();
    }
    this.#pending.clear();
  }

  #delayMs(): number {
    return 1 + this.#options.random.below(this.#options.largestDelayMs);
  }
}
