/** Migrations of ZooKeeper ensembles, as the coordinators of zk-migrate tell of them. Times are milliseconds since 1970. */
import { z } from 'zod';

const nullableText = z.string().nullable();
const nullableNumber = z.number().nullable();

export const migrationStatus = z.enum([
  ...(['planned', 'running', 'awaiting-approval', 'paused', 'rolling-back', 'rolled-back'] as const),
  ...(['completed', 'failed'] as const),
]);

export const migrationFailure = z.looseObject({
  ...{ code: z.string(), message: z.string(), remedy: nullableText },
});

export const migrationTiming = z.looseObject({
  ...{ phase: z.number(), step: z.string(), mode: z.enum(['run', 'undo', 'validate']), attempt: z.number() },
  ...{ started_ms: z.number(), ended_ms: nullableNumber },
  outcome: z.enum(['done', 'failed', 'interrupted']).nullable(),
});

/** As `GET /api/v1/migrations/{id}` of its coordinator, and whose it is. */
export const migration = z
  .looseObject({
    coordinator: z.string().describe('Name in our configuration'),
    id: z.string(),
    name: z.string(),
    status: migrationStatus,
    phase: z.number().describe('Worked on, or finished last; 0: as before the migration'),
    phase_name: nullableText,
    step: nullableText,
    step_mode: z.enum(['run', 'undo', 'validate']).nullable(),
    attempt: nullableNumber,
    next_phase: nullableNumber.describe('Due after this one'),
    goal_phase: nullableNumber.describe('Where a rollback goes to'),
    failure: migrationFailure.nullable(),
    created_ms: z.number(),
    created_by: z.string(),
    started_ms: nullableNumber,
    completed_ms: nullableNumber,
    phases: z.array(
      z.looseObject({
        number: z.number(),
        name: z.string(),
        steps: z.array(z.looseObject({ name: z.string(), done: z.boolean() })),
      }),
    ),
    timings: z.array(migrationTiming),
    config: z.record(z.string(), z.unknown()).describe('As given; secrets are masked'),
  })
  .meta({ id: 'Migration' });

export const coordinatorStatus = z
  .object({
    name: z.string(),
    url: z.string(),
    reachable: z.boolean(),
    problem: z.object({ message: z.string(), remedy: z.string() }).nullable(),
  })
  .meta({ id: 'CoordinatorStatus' });

export const migrationList = z.object({
  coordinators: z.array(coordinatorStatus),
  migrations: z.array(migration),
});

export const syncDirection = z.looseObject({
  from: z.enum(['source', 'target']),
  capture: z.enum(['observer', 'watch', 'scan']),
  capture_reason: z.string(),
  applied: z.number(),
  applied_per_s: z.number(),
  backlog: z.number(),
  lag_p50_ms: nullableNumber,
  lag_p99_ms: nullableNumber,
  lag_now_ms: z.number(),
  zxid: z.string().describe('Decimal'),
});

export const syncStatus = z.looseObject({
  state: z.string(),
  leader: nullableText,
  term: z.number(),
  directions: z.array(syncDirection),
  conflicts: z.looseObject({ total: z.number(), held: z.number() }),
  mirror_sessions: z.number(),
  problem: nullableText,
});

export const syncStatusList = z.object({
  coordinators: z.array(coordinatorStatus),
  migrations: z.array(
    z.looseObject({
      coordinator: z.string(),
      id: z.string(),
      name: z.string(),
      status: z.string(),
      sync: syncStatus.nullable(),
    }),
  ),
});

export const checkResult = z.looseObject({
  check: z.string(),
  status: z.enum(['ok', 'warn', 'fail']),
  found: z.string(),
  remedy: nullableText,
});

export const migrationHealth = z
  .looseObject({
    leader: nullableText,
    live: z.record(z.string(), z.unknown()).nullable().describe('Quorums, clients, sync and alerts'),
    checks: z.array(z.looseObject({ title: z.string(), time_ms: z.number(), results: z.array(checkResult) })),
  })
  .meta({ id: 'MigrationHealth' });

export const migrationHistory = z
  .looseObject({
    samples: z.array(
      z.looseObject({
        ...{ time_ms: z.number(), lag_ms: z.number(), lag_p50_ms: z.number().nullable() },
        ...{ applied_per_s: z.number(), backlog: z.number() },
      }),
    ),
  })
  .meta({ id: 'MigrationHistory' });

export const migrationConflict = z
  .looseObject({
    id: z.string(),
    path: z.string(),
    decision: z.enum(['source', 'target', 'held']),
    reason: z.string(),
    strategy: z.string(),
    recorded_ms: z.number(),
    resolved_ms: nullableNumber,
    source: z.record(z.string(), z.unknown()).nullable().describe('Null: not there; `data` is base64'),
    target: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'MigrationConflict' });

export const migrationConflicts = z.object({ conflicts: z.array(migrationConflict) });

export const migrationAuditPage = z.object({
  entries: z.array(z.record(z.string(), z.unknown())),
  more: z.boolean(),
});

/** A message of `WS /api/migrations/ws`; `record`, `live`, `entry` as the coordinator sends them. */
export const migrationEvent = z
  .looseObject({
    coordinator: z.string(),
    kind: z.enum(['record', 'live', 'audit', 'coordinator']),
    migration: z.string().optional(),
    record: z.record(z.string(), z.unknown()).optional(),
    live: z.record(z.string(), z.unknown()).optional(),
    entry: z.record(z.string(), z.unknown()).optional(),
    /** Of kind `coordinator`: it can be reached, or not any more. */
    status: coordinatorStatus.optional(),
  })
  .meta({ id: 'MigrationEvent' });

export type MigrationStatus = z.output<typeof migrationStatus>;
export type Migration = z.output<typeof migration>;
export type CoordinatorStatus = z.output<typeof coordinatorStatus>;
export type MigrationList = z.output<typeof migrationList>;
export type SyncStatus = z.output<typeof syncStatus>;
export type SyncStatusList = z.output<typeof syncStatusList>;
export type MigrationHealth = z.output<typeof migrationHealth>;
export type MigrationHistory = z.output<typeof migrationHistory>;
export type MigrationConflict = z.output<typeof migrationConflict>;
export type MigrationEvent = z.output<typeof migrationEvent>;
