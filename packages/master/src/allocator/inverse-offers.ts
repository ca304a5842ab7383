/** When an agent goes away for maintenance. */
export interface Unavailability {
  readonly startMs: number;
  /** Undefined: for good. */
  readonly durationMs?: number | undefined;
}

/** Asks a framework to give back what it holds on an agent before that goes away. */
export interface InverseOffer {
  readonly frameworkId: string;
  readonly agentId: string;
  readonly unavailability: Unavailability;
}

interface Asked {
  readonly unavailability: Unavailability;
  /** Frameworks that have an inverse offer they have not answered. */
  readonly outstanding: Set<string>;
  /** Frameworks that have answered, and until when they are left alone. */
  readonly quietUntilMs: Map<string, number>;
}

/** Who has been asked to leave which agent. */
export class InverseOffers {
  readonly #agents = new Map<string, Asked>();

  /** A new time is asked about anew, whatever was answered before. */
  setUnavailability(agentId: string, unavailability: Unavailability | undefined): void {
    if (unavailability === undefined) this.#agents.delete(agentId);
    else this.#agents.set(agentId, { unavailability, outstanding: new Set(), quietUntilMs: new Map() });
  }

  unavailabilityOf(agentId: string): Unavailability | undefined {
    return this.#agents.get(agentId)?.unavailability;
  }

  /** Answered, or taken back by the master; not asked again before `quietUntilMs`. */
  answered(frameworkId: string, agentId: string, quietUntilMs: number): void {
    const asked = this.#agents.get(agentId);
    if (asked?.outstanding.delete(frameworkId) !== true) return;
    asked.quietUntilMs.set(frameworkId, quietUntilMs);
  }

  /** The framework is gone, or came back and knows of no offer. */
  forget(frameworkId: string): void {
    for (const { outstanding, quietUntilMs } of this.#agents.values()) {
      outstanding.delete(frameworkId);
      quietUntilMs.delete(frameworkId);
    }
  }

  /** When somebody may be asked again; `undefined`: nobody is waited for. */
  get nextDueMs(): number | undefined {
    let nextMs: number | undefined;
    for (const { quietUntilMs } of this.#agents.values()) {
      for (const untilMs of quietUntilMs.values()) nextMs = Math.min(nextMs ?? untilMs, untilMs);
    }
    return nextMs;
  }

  /** Those to be sent now. */
  *due(nowMs: number, holdersOf: (agentId: string) => Iterable<string>): Iterable<InverseOffer> {
    for (const [agentId, { unavailability, outstanding, quietUntilMs }] of this.#agents) {
      for (const frameworkId of new Set(holdersOf(agentId))) {
        if (outstanding.has(frameworkId) || (quietUntilMs.get(frameworkId) ?? nowMs) > nowMs) continue;
        quietUntilMs.delete(frameworkId);
        outstanding.add(frameworkId);
        yield { frameworkId, agentId, unavailability };
      }
    }
  }
}
