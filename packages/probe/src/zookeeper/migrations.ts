/** What a coordinator of zk-migrate says at `/api/v1/migrations` and `/api/v1/sync/status`. */
import { listOf, numberOf, objectOf, objectsOf, textOf } from '../json/read.ts';

export interface MigrationEnds {
  readonly id: string;
  /** `host:port` of the servers of each side, as far as its configuration says. */
  readonly source: readonly string[];
  readonly target: readonly string[];
}

export interface SyncDirection {
  readonly from: 'source' | 'target';
  readonly capture: string;
  readonly appliedPerS: number;
  readonly backlog: number;
  readonly lagMs: number;
}

export interface SyncState {
  readonly id: string;
  readonly name: string;
  /** Of the migration. */
  readonly status: string;
  /** Of its synchronisation; empty while there is none. */
  readonly state: string;
  readonly problem: string;
  readonly conflicts: number;
  readonly held: number;
  readonly directions: readonly SyncDirection[];
}

/** `a:2181,b:2181/chroot` */
function addressesOf(value: unknown): string[] {
  const texts = Array.isArray(value) ? listOf(value).map(textOf) : textOf(value).split(',');
  return texts.map((text) => text.trim().replace(/\/.*$/, '')).filter((text) => text !== '');
}

export const parseMigrations = (json: unknown): MigrationEnds[] =>
  objectsOf(objectOf(json).migrations).map(({ id, config }) => {
    const outer = objectOf(config);
    const { source, target } = { ...outer, ...objectOf(outer.migration) };
    return {
      id: textOf(id),
      source: addressesOf(objectOf(source).zookeeper),
      target: addressesOf(objectOf(target).zookeeper),
    };
  });

export const parseSyncStates = (json: unknown): SyncState[] =>
  objectsOf(objectOf(json).migrations).map((migration) => {
    const sync = objectOf(migration.sync);
    const conflicts = objectOf(sync.conflicts);
    return {
      id: textOf(migration.id),
      name: textOf(migration.name),
      status: textOf(migration.status),
      state: textOf(sync.state),
      problem: textOf(sync.problem),
      conflicts: numberOf(conflicts.total),
      held: numberOf(conflicts.held),
      directions: objectsOf(sync.directions).map((direction) => ({
        from: direction.from === 'target' ? ('target' as const) : ('source' as const),
        capture: textOf(direction.capture),
        appliedPerS: numberOf(direction.applied_per_s),
        backlog: numberOf(direction.backlog),
        lagMs: numberOf(direction.lag_now_ms),
      })),
    };
  });
