/** A migration that another coordinator leads: its engine is kept warm here, as the record asks for one. */
import { type Clock, type Logger, sleep } from '@orchestrator/runtime';
import type { SyncStatus } from '@orchestrator/sync';
import type { MigrationRecord } from '../journal/record.ts';
import type { MigrationMetrics } from './metrics.ts';
import type { SyncSupervisor } from './sync-supervisor.ts';
import { wishOf } from './sync-wish.ts';

export interface StandbyOptions {
  readonly migration: string;
  readonly supervisor: Pick<SyncSupervisor, 'align' | 'status'>;
  readonly metrics: MigrationMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

const reportEveryMs = 5_000;
/** A mirror whose link is down for longer is behind: taking over, the engine would have to catch up first. */
const longestLagMs = 5_000;

export class Standby {
  readonly #options: StandbyOptions;
  readonly #ended = new AbortController();
  #aligned: Promise<void> = Promise.resolve();
  #isReporting = false;

  constructor(options: StandbyOptions) {
    this.#options = options;
  }

  /** To be told of each change of the record, in their order. */
  align(record: MigrationRecord): void {
    const { supervisor, logger } = this.#options;
    this.#aligned = this.#aligned
      .then(() => supervisor.align(wishOf(record)))
      .catch((error: unknown) => logger.warn('a standby engine did not stop cleanly', { error }));
    if (this.#isReporting) return;
    this.#isReporting = true;
    void this.#report();
  }

  /** Whatever comes of it, this coordinator is no longer one that waits. */
  close(): void {
    this.#ended.abort();
    this.#options.metrics.standby(this.#options.migration, null);
  }

  /** Resolves once nothing that was told is being carried out any more. */
  end(): Promise<void> {
    this.close();
    return this.#aligned;
  }

  async #report(): Promise<void> {
    const { migration, supervisor, metrics, clock } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const status = supervisor.status();
      metrics.standby(migration, status === null ? null : isWarm(status));
      await sleep(clock, reportEveryMs, signal).catch(() => undefined); // aborted: the loop ends
    }
  }
}

/** Both sides are loaded and followed, so that to take over is to go on. */
function isWarm({ state, directions }: SyncStatus): boolean {
  return (
    state === 'standby' &&
    directions.length === 2 &&
    directions.every(({ lagNowMs }) => lagNowMs <= longestLagMs)
  );
}
