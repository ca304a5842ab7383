import type { Clock } from '@orchestrator/runtime';
import type { LeadingMaster } from './leading-master.ts';

/** Longer than a registry takes to be read; an agent that waits for another leader finds it by itself. */
const patienceMs = 10_000;

/**
 * Where agents wait that register before this master leads. They hear of a new leader when it does itself, or sooner, and it
 * has its registry to read first: turned away, they would come back after their back-off only, which doubles. One
 * message waits for each connection, as nothing more is read from it meanwhile.
 */
export class LeadershipGate {
  readonly #clock: Clock;
  readonly #waiting = new Set<(master: LeadingMaster | undefined) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when this master leads; with undefined when it does not within ten seconds. */
  wait(): Promise<LeadingMaster | undefined> {
    return new Promise((resolve) => {
      const done = (master: LeadingMaster | undefined) => {
        timer.cancel();
        this.#waiting.delete(done);
        resolve(master);
      };
      const timer = this.#clock.after(patienceMs, () => done(undefined), { background: true });
      this.#waiting.add(done);
    });
  }

  open(master: LeadingMaster): void {
    for (const done of [...this.#waiting]) done(master);
  }

  /** Nobody leads here any more. */
  close(): void {
    for (const done of [...this.#waiting]) done(undefined);
  }
}
