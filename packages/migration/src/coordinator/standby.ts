/** A migration that another coordinator leads: its engine is kept warm here, as the record asks for one. */
import type { Logger } from '@orchestrator/runtime';
import type { MigrationRecord } from '../journal/record.ts';
import type { SyncSupervisor } from './sync-supervisor.ts';
import { wishOf } from './sync-wish.ts';

export class Standby {
  readonly #supervisor: SyncSupervisor;
  readonly #logger: Logger;
  #aligned: Promise<void> = Promise.resolve();

  constructor(supervisor: SyncSupervisor, logger: Logger) {
    this.#supervisor = supervisor;
    this.#logger = logger;
  }

  /** To be told of each change of the record, in their order. */
  align(record: MigrationRecord): void {
    this.#aligned = this.#aligned
      .then(() => this.#supervisor.align(wishOf(record)))
      .catch((error: unknown) => this.#logger.warn('a standby engine did not stop cleanly', { error }));
  }

  /** Resolves once nothing that was told is being carried out any more. */
  end(): Promise<void> {
    return this.#aligned;
  }
}
