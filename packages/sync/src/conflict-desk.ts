/** Where operators see conflicts and decide those that are held. */
import type { Store } from '@orchestrator/store';
import type { SyncEngine } from './engine-types.ts';
import { SyncError } from './errors.ts';
import { findConflict, isHeld, listConflicts, storeChoice } from './store/conflicts.ts';

export interface ConflictDeskOptions {
  readonly store: Store;
  readonly migrationId: string;
  /** A decision is in the store. */
  readonly onChoice: () => Promise<void>;
}

export function conflictDesk({ store, migrationId, onChoice }: ConflictDeskOptions): SyncEngine['conflicts'] {
  return {
    list: (options = {}) => listConflicts(store, migrationId, options),
    show: (id) => findConflict(store, migrationId, id),
    async resolve(id, winner) {
      const record = await findConflict(store, migrationId, id);
      if (record === undefined)
        throw new SyncError('Unknown', `there is no conflict ${id}; list them to see their ids`);
      if (!isHeld(record)) {
        throw new SyncError(
          'BadOption',
          `conflict ${id} at ${record.path} is not held: it was decided for the ${record.decision}`,
        );
      }
      await storeChoice(store, migrationId, record, winner);
      await onChoice();
    },
  };
}
