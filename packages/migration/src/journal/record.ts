/** What the store keeps of a migration, and under which keys. */
import type { MigrationConfig } from '../config/schema.ts';
import type { MachineState, Plan } from '../phases/machine-types.ts';

export interface MigrationRecord {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
  readonly createdBy: string;
  /** As given; it names secrets and holds none but the webhook. */
  readonly config: MigrationConfig;
  readonly plan: Plan;
  readonly state: MachineState;
  /** Changes with every write: tells, after a write without an answer, whether it was done. */
  readonly writeId: string;
}

/** Records stand apart, so that listing migrations does not read their audit logs. */
export const recordsPrefix = 'migration-records/';

export const migrationKeys = {
  record: (id: string) => `${recordsPrefix}${id}`,
  /** Below it everything else of a migration. */
  folder: (id: string) => `migrations/${id}/`,
  fact: (id: string, name: string) => `migrations/${id}/facts/${name}`,
  secret: (id: string, name: string) => `migrations/${id}/secrets/${name}`,
  questions: (id: string) => `migrations/${id}/questions/`,
  auditHead: (id: string) => `migrations/${id}/audit-head`,
  /** Padded, so that the order of keys is the order of entries. */
  auditEntry: (id: string, seq: number) => `migrations/${id}/audit/${String(seq).padStart(12, '0')}`,
  auditEntries: (id: string) => `migrations/${id}/audit/`,
} as const;

export const lockName = (id: string) => `migration/${id}`;
