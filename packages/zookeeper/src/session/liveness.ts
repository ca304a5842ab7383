import type { Clock, Timer } from '@orchestrator/runtime/clock';

export interface LivenessHandlers {
  /** Nothing was sent for a third of the session timeout. */
  onIdle(): void;
  /** Nothing was received for two thirds of it: time is left to find another server. */
  onSilent(silentMs: number): void;
}

/** Gives the socket one more chance to be read when it was this process that slept, not the server. */
const graceMs = 1;

/** Tells when to ping and when to give a connection up. Reading the clock is left to whoever sends and receives. */
export class Liveness {
  readonly #clock: Clock;
  readonly #handlers: LivenessHandlers;
  readonly #idleMs: number;
  readonly #silentMs: number;
  #sentMs: number;
  #receivedMs: number;
  #graceGiven = false;
  #timer: Timer;

  constructor(clock: Clock, sessionTimeoutMs: number, handlers: LivenessHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
    this.#idleMs = sessionTimeoutMs / 3;
    this.#silentMs = (sessionTimeoutMs * 2) / 3;
    this.#sentMs = clock.monotonicMs();
    this.#receivedMs = this.#sentMs;
    this.#timer = this.#schedule(this.#idleMs);
  }

  get receivedMs(): number {
    return this.#receivedMs;
  }

  sent(): void {
    this.#sentMs = this.#clock.monotonicMs();
  }

  received(): void {
    this.#receivedMs = this.#clock.monotonicMs();
    this.#graceGiven = false;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #schedule(delayMs: number): Timer {
    return this.#clock.after(Math.max(1, Math.ceil(delayMs)), () => this.#check());
  }

  #check(): void {
    const now = this.#clock.monotonicMs();
    const silentMs = now - this.#receivedMs;
    if (silentMs >= this.#silentMs) {
      if (this.#graceGiven) {
        this.#handlers.onSilent(silentMs);
        return;
      }
      this.#graceGiven = true;
      this.#timer = this.#schedule(graceMs);
      return;
    }
    if (now - this.#sentMs >= this.#idleMs) this.#handlers.onIdle();
    const idleInMs = this.#sentMs + this.#idleMs - now;
    this.#timer = this.#schedule(Math.min(idleInMs, this.#silentMs - silentMs));
  }
}
