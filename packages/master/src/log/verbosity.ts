/** How much is logged: what the flag says, and for a while more when an operator asks for it. */
import type { Clock, LogFields, Logger, Timer } from '@orchestrator/runtime';

/** The least that is logged. */
export type LeastLevel = 'info' | 'warn' | 'error';

export class Verbosity {
  readonly #clock: Clock;
  #level = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As Mesos counts: 0 unless somebody asked for more; above it everything is logged. */
  get level(): number {
    return this.#level;
  }

  /** Back to 0 after that time. */
  set(level: number, durationMs: number): void {
    this.#timer?.cancel();
    this.#level = level;
    if (level === 0) return;
    this.#timer = this.#clock.after(
      durationMs,
      () => {
        this.#level = 0;
      },
      { background: true },
    );
  }
}

const ranks = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** `target` has to take every level. */
export function limitLogger(target: Logger, least: LeastLevel, verbosity: Verbosity): Logger {
  const write = (level: keyof typeof ranks) => (message: string, fields?: LogFields) => {
    if (verbosity.level > 0 || ranks[level] >= ranks[least]) target[level](message, fields);
  };
  return {
    ...{ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    child: (fields) => limitLogger(target.child(fields), least, verbosity),
  };
}
