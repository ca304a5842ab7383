/** Runs the machine of one check on a container. */
import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';
import {
  type CheckAction,
  type CheckEvent,
  type CheckResult,
  type CheckState,
  type CheckTimes,
  defaultCheckTimes,
  defaultHealthCheckTimes,
  type HealthCheckTimes,
  startCheck,
  stepCheck,
} from './machine.ts';
import { look, type Probe, type ProbeTarget } from './probes.ts';

export interface HealthChange {
  healthy: boolean;
  /** The task has failed its check too often. */
  kill: boolean;
  consecutiveFailures: number;
}

interface SharedOptions extends ProbeTarget {
  probe: Probe;
  clock?: Clock;
}

export type CheckOptions = SharedOptions &
  (
    | { kind: 'health'; times?: Partial<HealthCheckTimes>; onHealth: (change: HealthChange) => void }
    | { kind: 'check'; times?: Partial<CheckTimes>; onResult: (result: CheckResult) => void }
  );

export class CheckRunner {
  readonly #options: CheckOptions;
  readonly #times: CheckTimes;
  readonly #clock: Clock;
  #state: CheckState;
  #timer: Timer | undefined;
  #look: AbortController | undefined;

  constructor(options: CheckOptions) {
    const { kind, times, clock = systemClock } = options;
    this.#options = options;
    this.#times = { ...(kind === 'health' ? defaultHealthCheckTimes : defaultCheckTimes), ...times };
    this.#clock = clock;
    const { state, actions } = startCheck(kind, this.#times, clock.monotonicMs());
    this.#state = state;
    for (const action of actions) this.#perform(action);
  }

  /** Nothing is looked at, and nothing counts, until `resume`. */
  pause(): void {
    this.#apply({ type: 'pause' });
    this.#cancel();
  }

  resume(): void {
    this.#apply({ type: 'resume' });
  }

  stop(): void {
    this.#apply({ type: 'stop' });
    this.#cancel();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#look?.abort(new Error('the check was stopped'));
    this.#look = undefined;
  }

  #apply(event: CheckEvent): void {
    const { state, actions } = stepCheck(this.#state, this.#times, event);
    this.#state = state;
    for (const action of actions) this.#perform(action);
  }

  #perform(action: CheckAction): void {
    const options = this.#options;
    switch (action.type) {
      case 'wait':
        this.#timer?.cancel();
        this.#timer = this.#clock.after(action.delayMs, () => this.#apply({ type: 'due' }), {
          background: true,
        });
        break;
      case 'look':
        this.#startLook();
        break;
      case 'report':
        if (options.kind === 'check') options.onResult(action.result);
        break;
      case 'health': {
        const { healthy, kill, consecutiveFailures } = action;
        if (options.kind === 'health') options.onHealth({ healthy, kill, consecutiveFailures });
        break;
      }
    }
  }

  #startLook(): void {
    const { timeoutMs } = this.#times;
    const controller = new AbortController();
    this.#look = controller;
    const abort = () => controller.abort(new Error(`no answer in ${timeoutMs} ms`));
    const timer = timeoutMs > 0 ? this.#clock.after(timeoutMs, abort, { background: true }) : undefined;
    look(this.#options, this.#options.probe, controller.signal).then((result) => {
      timer?.cancel();
      // One that was given up may answer late.
      if (this.#look !== controller) return;
      this.#apply({ type: 'result', result, nowMs: this.#clock.monotonicMs() });
    });
  }
}
