/** Requests, which are checked, and answers, which the OpenAPI document describes. */
import { z } from 'zod';
import { migrationConfigSchema } from '../config/schema.ts';

const nullableText = z.string().nullable();
const timeMs = z.number().describe('Milliseconds since 1970');

export const idParams = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,99}$/)
    .describe('Id of the migration'),
});

export const conflictParams = idParams.extend({
  conflict: z.string().min(1).max(500).describe('Id of the conflict'),
});

export const createBody = z
  .strictObject({
    source_zk: z.string().optional().describe('Client ports of Cluster-A; may stand in config as well'),
    target_zk: z.string().optional().describe('Client ports of Cluster-B; may stand in config as well'),
    config: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The object `migration` of the configuration file, checked like the file'),
  })
  .meta({
    description: `Keys of config: ${Object.keys(migrationConfigSchema.shape.migration.shape).join(', ')}`,
  });

/** A missing body is an empty one. */
export const advanceBody = z
  .strictObject({
    phase: z.int().optional().describe('The phase that is approved; must be the one that is due'),
  })
  .nullish()
  .transform((body) => body ?? {});

export const rollbackBody = z.strictObject({
  to_phase: z.int().min(0).describe('Earlier phase to go back to; 0 undoes everything'),
  force: z.boolean().default(false).describe('Leave clients of the target behind'),
});

export const validateBody = z
  .strictObject({
    phase: z
      .union([z.literal('current'), z.int().min(0)])
      .default('current')
      .describe('Whose success criteria'),
  })
  .nullish()
  .transform((body) => body ?? { phase: 'current' as const });

export const resolveBody = z.strictObject({
  winner: z.enum(['source', 'target']).describe('Whose value is kept'),
});

export const verifyBody = z
  .strictObject({ repair: z.boolean().default(false).describe('Mend what differs') })
  .nullish()
  .transform((body) => body ?? { repair: false });

export const conflictsQuery = z.object({
  held: z.enum(['true', 'false']).optional().describe('Only those that wait for an operator'),
});

export const pageQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('Number of the last entry seen'),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Entries per page'),
});

export const reportQuery = z.object({
  format: z.enum(['json', 'markdown', 'html']).default('json').describe('Form of the report'),
});

const checkResult = z.object({
  check: z.string(),
  status: z.enum(['ok', 'warn', 'fail']),
  found: z.string(),
  remedy: nullableText,
});

const failure = z.object({ code: z.string(), message: z.string(), remedy: nullableText });

export const migration = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum([
    'planned',
    'running',
    'awaiting-approval',
    'paused',
    'rolling-back',
    'rolled-back',
    'completed',
    'failed',
  ]),
  phase: z.int().describe('Worked on, or finished last; 0: as before the migration'),
  phase_name: nullableText,
  step: nullableText,
  step_mode: z.enum(['run', 'undo', 'validate']).nullable(),
  attempt: z.int().nullable().describe('Counted over all steps of the migration'),
  next_phase: z.int().nullable().describe('Due after this one'),
  goal_phase: z.int().nullable().describe('Where a rollback goes to'),
  failure: failure.nullable(),
  created_ms: timeMs,
  created_by: z.string(),
  started_ms: timeMs.nullable(),
  completed_ms: timeMs.nullable(),
  phases: z.array(
    z.object({
      number: z.int(),
      name: z.string(),
      steps: z.array(z.object({ name: z.string(), done: z.boolean() })),
    }),
  ),
  timings: z.array(z.record(z.string(), z.unknown())),
  config: z.record(z.string(), z.unknown()).describe('As given; secrets are masked'),
});

export const migrations = z.object({ migrations: z.array(migration) });

export const checks = z.object({
  phase: z.union([z.literal('current'), z.int()]),
  valid: z.boolean(),
  results: z.array(checkResult),
});

const direction = z.object({
  from: z.enum(['source', 'target']),
  capture: z.enum(['observer', 'watch', 'scan']),
  capture_reason: z.string(),
  applied: z.number(),
  applied_per_s: z.number(),
  backlog: z.number(),
  lag_p50_ms: z.number().nullable(),
  lag_p99_ms: z.number().nullable(),
  lag_now_ms: z.number(),
  zxid: z.string().describe('Decimal, since it has 64 bits'),
});

const syncStatus = z.object({
  state: z.string(),
  leader: nullableText,
  term: z.number(),
  directions: z.array(direction),
  conflicts: z.object({ total: z.number(), held: z.number() }),
  mirror_sessions: z.number(),
  problem: nullableText,
});

export const syncStatuses = z.object({
  migrations: z.array(
    z.object({ id: z.string(), name: z.string(), status: z.string(), sync: syncStatus.nullable() }),
  ),
});

export const health = z.object({
  leader: nullableText.describe('The coordinator that leads'),
  live: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('Quorums, clients, sync and alerts as seen last'),
  checks: z.array(z.object({ title: z.string(), time_ms: timeMs, results: z.array(checkResult) })),
});

export const history = z.object({
  samples: z
    .array(
      z.object({
        time_ms: timeMs,
        lag_ms: z.number().describe('The largest of its time, in the slower direction'),
        lag_p50_ms: z.number().nullable().describe('Null while nothing changes'),
        applied_per_s: z.number().describe('Both directions; the mean'),
        backlog: z.number(),
      }),
    )
    .describe('720 at most, oldest first; the longer it lasts, the more time one stands for'),
});

export const auditPage = z.object({
  entries: z.array(z.record(z.string(), z.unknown())).describe('Exactly as they are hashed'),
  more: z.boolean(),
});

export const auditVerdict = z.object({
  intact: z.boolean(),
  entries: z.int(),
  findings: z.array(z.string()),
});

export const conflict = z.object({
  id: z.string(),
  path: z.string(),
  decision: z.enum(['source', 'target', 'held']),
  reason: z.string(),
  strategy: z.string(),
  recorded_ms: timeMs,
  resolved_ms: timeMs.nullable(),
  source: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('Null: deleted, or not there; data is base64'),
  target: z.record(z.string(), z.unknown()).nullable(),
});

export const conflicts = z.object({ conflicts: z.array(conflict) });

export const verifyReport = z.object({
  nodes: z.object({ source: z.int(), target: z.int() }),
  checksum: z.object({ source: z.string(), target: z.string() }),
  difference_count: z.int(),
  differences: z.array(z.record(z.string(), z.unknown())),
  expected: z.array(z.record(z.string(), z.unknown())),
  started_ms: timeMs,
  duration_ms: z.number(),
});

export const preflightReport = z.object({ ready: z.boolean(), results: z.array(checkResult) });
export const preview = z.object({
  deployer: z.string(),
  actions: z.array(z.string()).describe('One line or command each'),
  zoo_cfg: nullableText.describe("The first server's; without the super user's digest"),
  not_carried: z.array(z.object({ setting: z.string(), why: z.string() })),
});
export const anyObject = z.record(z.string(), z.unknown());
