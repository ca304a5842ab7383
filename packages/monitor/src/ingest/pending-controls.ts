import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { ControlResult } from '../control/link.ts';
import { MonitorError } from '../errors.ts';

/** For a control to be answered. */
const controlTimeoutMs = 30_000;
const maxPendingControls = 1_000;

interface Pending {
  resolve(result: ControlResult): void;
  reject(error: Error): void;
  readonly timer: Timer;
}

/** The controls that were sent to one probe and wait for their answer. */
export class PendingControls {
  readonly #pending = new Map<string, Pending>();
  readonly #clock: Clock;
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles when `answered` is called with the id that `send` gets; @throws MonitorError `limit`, `outcome-unknown` */
  wait(control: string, send: (id: string) => void): Promise<ControlResult> {
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= maxPendingControls) {
        reject(new MonitorError('limit', `${this.#pending.size} controls of this probe wait for an answer`));
        return;
      }
      const id = String(this.#nextId++);
      const timer = this.#clock.after(controlTimeoutMs, () => {
        this.#pending.delete(id);
        reject(
          new MonitorError('outcome-unknown', `${control} was not answered within ${controlTimeoutMs} ms`, {
            remedy: 'look at the node before you try again',
          }),
        );
      });
      this.#pending.set(id, { resolve, reject, timer });
      send(id);
    });
  }

  answered(id: string, result: ControlResult | MonitorError): void {
    const waiting = this.#pending.get(id);
    if (waiting === undefined) return;
    this.#pending.delete(id);
    waiting.timer.cancel();
    if (result instanceof MonitorError) waiting.reject(result);
    else waiting.resolve(result);
  }

  /** The probe has gone. */
  abandon(): void {
    for (const id of [...this.#pending.keys()]) {
      this.answered(id, new MonitorError('outcome-unknown', 'the probe has gone before it answered'));
    }
  }
}
