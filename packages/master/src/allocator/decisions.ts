import type { Subscription } from './subscription.ts';

/** An agent was offered to somebody. */
export interface Decision {
  readonly atMs: number;
  readonly agentId: string;
  readonly to: Subscription;
  /** To fulfil a guarantee, or because its turn had come. */
  readonly stage: 'guarantees' | 'fair share';
  /** The role's share when it was its turn, divided by the role's weight. */
  readonly share: number;
}

/** The last decisions are kept, to be able to say where offers went. */
const mostDecisions = 1_000;

export class Decisions {
  readonly #ring: Decision[] = [];
  #next = 0;

  add(decision: Decision): void {
    this.#ring[this.#next] = decision;
    this.#next = (this.#next + 1) % mostDecisions;
  }

  /** The latest first. */
  *latest(): Iterable<Decision> {
    for (let back = 1; back <= this.#ring.length; back++) {
      const decision = this.#ring[(this.#next - back + mostDecisions) % mostDecisions];
      if (decision !== undefined) yield decision;
    }
  }
}
