/** What the leading coordinator sees at the moment, written to the store so that all of them can tell it. */
import { type Clock, type Logger, sleep } from '@orchestrator/runtime';
import type { Progress, SyncStatus } from '@orchestrator/sync';
import type { QuorumHealth } from '../ensemble/inspect.ts';
import type { Alert } from './alerts.ts';

export interface Live {
  readonly updatedMs: number;
  /** The coordinator that leads. */
  readonly instance: string;
  readonly term: number;
  /** Of the step under way; `null` between steps. */
  readonly progress: Progress | null;
  /** What the operator has to do by hand now. */
  readonly instruction: string | null;
  /** `null` when no engine has to run. */
  readonly sync: SyncStatus | null;
  readonly source: QuorumHealth | null;
  readonly target: QuorumHealth | null;
  /** Clients connected to each side, the engine's own included; `null` when not known. */
  readonly clients: { readonly source: number | null; readonly target: number | null };
  /** Those that are on. */
  readonly alerts: readonly Alert[];
}

export interface LiveBoardOptions {
  readonly instance: string;
  readonly term: number;
  readonly clock: Clock;
  readonly logger: Logger;
  write(live: Live): Promise<void>;
}

/** More often than this nobody can read it. */
const shortestWriteIntervalMs = 250;

/** Collects changes and writes the latest state, one write at a time. */
export class LiveBoard {
  readonly #options: LiveBoardOptions;
  readonly #closing = new AbortController();
  #live: Live;
  #writing: Promise<void> | undefined;
  #changed = false;

  constructor(options: LiveBoardOptions) {
    this.#options = options;
    const { instance, term, clock } = options;
    const unknown = { source: null, target: null };
    this.#live = {
      updatedMs: clock.nowMs(),
      instance,
      term,
      progress: null,
      instruction: null,
      sync: null,
      ...unknown,
      clients: unknown,
      alerts: [],
    };
  }

  get current(): Live {
    return this.#live;
  }

  update(change: Partial<Live>): void {
    this.#live = { ...this.#live, ...change, updatedMs: this.#options.clock.nowMs() };
    this.#changed = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    const { clock, logger, write } = this.#options;
    while (this.#changed && !this.#closing.signal.aborted) {
      this.#changed = false;
      try {
        await write(this.#live);
      } catch (error) {
        // The next change writes all of it again.
        logger.debug('the live state was not written', { error });
      }
      const waited = sleep(clock, shortestWriteIntervalMs, this.#closing.signal);
      if (!(await waited.then(() => true).catch(() => false))) return;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }
}
