/** What a coordinator has of a migration, whether it leads or stands by: both ensembles, and an engine between them. */
import { join } from 'node:path';
import type { Clock, Logger } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import { newSuperCredential } from '../deploy/super-user.ts';
import type { Journal } from '../journal/journal.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { Cluster } from '../phases/context.ts';
import { createCluster } from './clusters.ts';
import { createSupervisor } from './engine-setup.ts';
import type { SyncEngines, SyncSupervisor } from './sync-supervisor.ts';

export interface EquipmentOptions {
  readonly instance: string;
  readonly journal: Journal;
  readonly store: Store;
  readonly record: MigrationRecord;
  /** Holds a folder per migration. */
  readonly workFolder: string;
  readonly engines: SyncEngines;
  /** How long another coordinator, and its engine, waits after this one has died. */
  readonly leaseMs: number;
  readonly clock: Clock;
  /** The migration's own. */
  readonly logger: Logger;
}

export interface Equipment {
  readonly source: Cluster;
  readonly target: Cluster;
  /** Stands by until it is told that this coordinator leads. */
  readonly supervisor: SyncSupervisor;
  /** For files of this migration on this machine. */
  readonly folder: string;
  /** Of a target that is deployed; made by the first to ask. */
  superCredential(): Promise<string>;
}

export function createEquipment(options: EquipmentOptions): Equipment {
  const { instance, journal, store, record, engines, leaseMs, clock, logger } = options;
  const { id, config } = record;
  const folder = join(options.workFolder, id);
  const superCredential = () => journal.secret(id, 'target-super', newSuperCredential);
  const deployed = config.target.deploy.kind !== 'adopt';

  const shared = { config, owner: id, folder, clock };
  const source = createCluster({ ...shared, role: 'source', superCredential: async () => null });
  const target = createCluster({
    ...shared,
    role: 'target',
    superCredential: async () => (deployed ? superCredential() : null),
  });
  const supervisor = createSupervisor({
    ...{ id, config, source, target, store, instance, folder, engines, leaseMs, clock, logger },
  });
  return { source, target, supervisor, folder, superCredential };
}
