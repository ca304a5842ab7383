/** Conflicts are in the store: any coordinator tells and decides them, whether synchronisation runs or not. */
import { type Clock, sleep } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import { type ConflictRecord, conflictDesk, type Side, type SyncEngine } from '@orchestrator/sync';
import { MigrationError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import { wishOf } from './sync-wish.ts';

export interface ConflictsOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Of a migration that this coordinator leads. */
  engineOf(id: string): SyncEngine | undefined;
}

/** What an engine takes that runs well. */
const resolvedWithinMs = 10_000;
const pollMs = 50;

/** Every method throws MigrationError `not-found` for an unknown migration. */
export class Conflicts {
  readonly #options: ConflictsOptions;

  constructor(options: ConflictsOptions) {
    this.#options = options;
  }

  /** `held`: only those that wait for a decision, or only the others. */
  async list(id: string, options: { held?: boolean } = {}): Promise<readonly ConflictRecord[]> {
    await this.#options.journal.read(id);
    return this.#desk(id).list(options);
  }

  /** @throws MigrationError `not-found` */
  async show(id: string, conflictId: string): Promise<ConflictRecord> {
    await this.#options.journal.read(id);
    const found = await this.#desk(id).show(conflictId);
    if (found !== undefined) return found;
    throw new MigrationError('not-found', `there is no conflict ${conflictId} in migration ${id}`, {
      remedy: 'zk-migrate conflicts list shows their ids',
    });
  }

  /**
   * Resolves once both sides hold what was chosen, or, with the record still held, when that takes longer than a moment:
   * while synchronisation is paused or fails, the choice waits with the node.
   *
   * @throws MigrationError `precondition` when it was decided before, or nothing will carry it out any more
   */
  async resolve(id: string, conflictId: string, winner: Side, actor: string): Promise<ConflictRecord> {
    const { journal } = this.#options;
    const { record } = await journal.read(id);
    const { path, decision, resolvedMs } = await this.show(id, conflictId);
    if (decision !== 'held' || resolvedMs !== null)
      throw new MigrationError('precondition', `conflict ${conflictId} at ${path} is decided: ${decision}`, {
        remedy: 'write the value you want with any client: it travels like every change',
      });
    if (wishOf(record) === 'off')
      throw new MigrationError('precondition', `synchronisation of migration ${id} does not run`, {
        remedy: 'it runs from phase 1 on until phase 6; after that, write the value you want with any client',
      });
    await this.#desk(id).resolve(conflictId, winner);
    const details = { conflict: conflictId, path, winner };
    await journal.audit(id, { actor, action: 'conflict resolved', details });
    return this.#carriedOut(id, conflictId);
  }

  async #carriedOut(id: string, conflictId: string): Promise<ConflictRecord> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + resolvedWithinMs;
    for (;;) {
      const record = await this.show(id, conflictId);
      if (record.resolvedMs !== null || clock.monotonicMs() > deadlineMs) return record;
      await sleep(clock, pollMs);
    }
  }

  /** Of the engine here, which learns of a choice at once, or of the store, where the engine elsewhere looks for it. */
  #desk(id: string): SyncEngine['conflicts'] {
    const { store, engineOf } = this.#options;
    return (
      engineOf(id)?.conflicts ?? conflictDesk({ store, migrationId: id, onChoice: async () => undefined })
    );
  }
}
