/** The Mesos cluster as the API tells of it. Times are milliseconds since 1970. */
import { z } from 'zod';

/** Scalars by name: `cpus` in cores, `mem` and `disk` in MB, `gpus`; of ports and sets how many there are. */
export const quantities = z.record(z.string(), z.number()).meta({ id: 'Quantities' });

export const clusterMaster = z
  .object({
    address: z.string().describe('HOST:PORT'),
    leads: z.boolean(),
    /** Of the leader only. */
    id: z.string().optional(),
    version: z.string().optional(),
    hostName: z.string().optional(),
    startedMs: z.number().optional(),
    electedMs: z.number().optional(),
  })
  .meta({ id: 'ClusterMaster' });

export const clusterAgent = z
  .object({
    id: z.string(),
    hostName: z.string(),
    address: z.string().describe('HOST:PORT of its API'),
    version: z.string(),
    /** `active`: takes tasks; `deactivated`: gets no offers; `draining`, `drained`: on its way out, and empty. */
    state: z.enum(['active', 'deactivated', 'draining', 'drained', 'disconnected']),
    maintenance: z.enum(['none', 'scheduled', 'down']),
    registeredMs: z.number(),
    attributes: z.record(z.string(), z.string()),
    total: quantities,
    /** Of its tasks and executors. */
    allocated: quantities,
    offered: quantities,
    /** Allocated by role, for bars of several colours. */
    allocatedByRole: z.record(z.string(), quantities),
    tasks: z.number().describe('That have not ended'),
  })
  .meta({ id: 'ClusterAgent' });

export const clusterFramework = z
  .object({
    id: z.string(),
    name: z.string(),
    principal: z.string(),
    user: z.string(),
    hostName: z.string(),
    webUiUrl: z.string(),
    roles: z.array(z.string()),
    active: z.boolean(),
    connected: z.boolean(),
    registeredMs: z.number(),
    capabilities: z.array(z.string()),
    allocated: quantities,
    offered: quantities,
    offers: z.number(),
    tasks: z.number().describe('That have not ended'),
  })
  .meta({ id: 'ClusterFramework' });

export const clusterRole = z
  .object({
    name: z.string(),
    weight: z.number(),
    frameworks: z.array(z.string()).describe('Ids'),
    allocated: quantities,
    /** What is kept for it, and the most it may have; missing names: none, and as much as there is. */
    guarantees: quantities,
    limits: quantities,
  })
  .meta({ id: 'ClusterRole' });

export const taskState = z.enum([
  ...(['staging', 'starting', 'running', 'killing', 'unreachable', 'finished', 'failed', 'killed'] as const),
  ...(['error', 'lost', 'dropped', 'gone', 'gone_by_operator', 'unknown'] as const),
]);

export const clusterTask = z
  .object({
    id: z.string(),
    name: z.string(),
    frameworkId: z.string(),
    frameworkName: z.string(),
    agentId: z.string(),
    hostName: z.string().describe('Of its agent, if that is there'),
    role: z.string(),
    state: taskState,
    /** Of its last change, as far as is known; 0 if it is not. */
    changedMs: z.number(),
    /** Unknown without a health check. */
    healthy: z.boolean().nullable(),
    resources: quantities,
    executorId: z.string().describe('Its own id if it has no executor of its own'),
    containerId: z.string().optional(),
    message: z.string(),
    reason: z.string(),
    labels: z.record(z.string(), z.string()),
  })
  .meta({ id: 'ClusterTask' });

export const clusterTaskDetail = clusterTask
  .extend({
    history: z.array(
      z.object({ state: taskState, atMs: z.number(), message: z.string(), reason: z.string() }),
    ),
    ports: z.array(z.string()).describe('`8080/tcp http`, as it offers itself to discovery'),
    ipAddresses: z.array(z.string()),
    image: z.string(),
    user: z.string(),
  })
  .meta({ id: 'ClusterTaskDetail' });

export const clusterSummary = z
  .object({
    /** Whether the configuration names masters at all. */
    configured: z.boolean(),
    /** Follows the leading master now; if not, all else is as it was last. */
    connected: z.boolean(),
    /** Why not, and what to do about it. */
    problem: z.object({ message: z.string(), remedy: z.string() }).nullable(),
    asOfMs: z.number(),
    name: z.string(),
    masters: z.array(clusterMaster),
    total: quantities,
    allocated: quantities,
    offered: quantities,
    agents: z.object({
      ...{ active: z.number(), deactivated: z.number(), draining: z.number(), disconnected: z.number() },
    }),
    frameworks: z.object({ active: z.number(), inactive: z.number() }),
    /** Tasks by state; states of ended ones count those that are remembered. */
    tasks: z.partialRecord(taskState, z.number()),
    /** Another number as soon as any task has changed: lists of tasks are worth fetching again. */
    tasksRevision: z.number(),
  })
  .meta({ id: 'ClusterSummary' });

export const cluster = clusterSummary
  .extend({
    agentList: z.array(clusterAgent),
    frameworkList: z.array(clusterFramework),
    roleList: z.array(clusterRole),
  })
  .meta({ id: 'Cluster' });

/** A message of `WS /api/cluster/ws`. The first has `reset` and everything; later ones what has changed, by id or name. */
export const clusterDifference = z
  .object({
    reset: z.boolean().optional(),
    summary: clusterSummary.optional(),
    agents: z.object({ set: z.array(clusterAgent), remove: z.array(z.string()) }).optional(),
    frameworks: z.object({ set: z.array(clusterFramework), remove: z.array(z.string()) }).optional(),
    roles: z.object({ set: z.array(clusterRole), remove: z.array(z.string()) }).optional(),
  })
  .meta({ id: 'ClusterDifference' });

export const taskQuery = z.object({
  framework: z.string().max(500).optional().describe('Id'),
  agent: z.string().max(500).optional().describe('Id'),
  role: z.string().max(500).optional(),
  state: z
    .string()
    .max(500)
    .optional()
    .describe('`active`, `ended` or states with commas between them; default all'),
  text: z.string().max(500).optional().describe('In id, name, host or framework; whatever the case'),
  sort: z.enum(['changed', 'name', 'cpus', 'mem']).default('changed').describe('`changed`: newest first'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  offset: z.coerce.number().int().min(0).default(0),
});

export const taskPage = z.object({
  tasks: z.array(clusterTask),
  total: z.number().describe('That the filters find'),
  /** As in the summary at the time. */
  tasksRevision: z.number(),
});

/** Why a framework gets no offers; from our masters only. */
export const frameworkExplanation = z.object({
  kind: z.literal('framework'),
  frameworkId: z.string(),
  atMs: z.number(),
  roles: z.array(
    z.object({
      role: z.string(),
      state: z.enum(['asked', 'suppressed', 'framework-inactive']),
      roleShare: z.number(),
      frameworkShare: z.number(),
      offerableAgents: z.number(),
      obstacles: z.array(
        z.object({
          kind: z.string(),
          agents: z.number(),
          examples: z.array(z.object({ agentId: z.string(), detail: z.string() })),
        }),
      ),
    }),
  ),
  wentElsewhere: z.array(
    z.object({
      ...{ atMs: z.number(), agentId: z.string(), frameworkId: z.string(), role: z.string() },
      ...{ because: z.enum(['guarantee', 'lower-share', 'its-turn']), share: z.number() },
    }),
  ),
});

/** Why a task that needs so much does not start. Amounts in the units of `Quantities`. */
export const taskExplanation = z.object({
  kind: z.literal('task'),
  activeAgents: z.number(),
  fitsNow: z.number().describe('Agents that could take it at once'),
  fitsWhenEmpty: z.number().describe('Agents that could if nothing else ran there'),
  requirements: z.array(
    z.object({
      requirement: z.string(),
      neverMetBy: z.number(),
      notNowMetBy: z.number(),
      amounts: z.object({ wanted: z.number(), mostAvailable: z.number(), mostTotal: z.number() }).optional(),
    }),
  ),
  nearest: z.array(
    z.object({
      ...{ agentId: z.string(), missing: quantities, unmet: z.array(z.string()) },
      wouldDoWhenEmpty: z.boolean(),
    }),
  ),
});

export const explanation = z
  .discriminatedUnion('kind', [frameworkExplanation, taskExplanation])
  .meta({ id: 'Explanation' });

export const explainQuery = z.object({
  framework: z.string().max(500).optional().describe('Id: why it gets no offers'),
  role: z.string().max(500).optional().describe('Of the task, with `resources`'),
  resources: z
    .string()
    .max(500)
    .optional()
    .describe('`cpus:2;mem:1024`: why a task that needs so much does not start'),
});

export const sandboxPlace = z.object({
  agent: z.string().min(1).max(500).describe('Id'),
  framework: z.string().min(1).max(500).describe('Id'),
  executor: z.string().min(1).max(500).describe('`executorId` of the task'),
  container: z.string().min(1).max(500).optional().describe('Of several runs; default the last'),
  path: z.string().max(4_000).default('/').describe('Within the sandbox'),
});

export const sandboxFile = z
  .object({
    name: z.string(),
    path: z.string().describe('Within the sandbox'),
    isFolder: z.boolean(),
    sizeBytes: z.number(),
    modifiedMs: z.number(),
    mode: z.string().describe('`-rw-r--r--`'),
    owner: z.string(),
  })
  .meta({ id: 'SandboxFile' });

export const sandboxListing = z.object({ path: z.string(), files: z.array(sandboxFile) });

/** A part of a file. To follow it, ask again from `offset` plus the bytes of `text`. */
export const sandboxText = z.object({
  offset: z.number().describe('Of the first byte given'),
  nextOffset: z.number().describe('Where to go on'),
  sizeBytes: z.number(),
  text: z.string().describe('Bytes that are no UTF-8 are replaced'),
});

export const machine = z.object({
  hostName: z.string().min(1).max(500),
  ip: z.string().max(100).optional(),
});

export const maintenanceWindow = z.object({
  machines: z.array(machine).min(1).max(5_000),
  startMs: z.number().int().min(0),
  durationMs: z.number().int().min(1).optional().describe('Without an end if missing'),
});

export const maintenance = z
  .object({
    windows: z.array(maintenanceWindow),
    draining: z.array(machine).describe('Inverse offers are being made for them'),
    down: z.array(machine),
  })
  .meta({ id: 'Maintenance' });

export const drainBody = z.object({
  maxGracePeriodMs: z.number().int().min(0).optional().describe('For tasks to end by themselves'),
  markGone: z
    .boolean()
    .default(false)
    .describe('The agent does not come back: its tasks are gone at the end'),
});

/** Empty ones take the quota away. */
export const quotaBody = z.object({
  guarantees: quantities.default({}),
  limits: quantities.default({}),
  force: z.boolean().default(false).describe('Also if the cluster cannot fulfil it'),
});

export const weightBody = z.object({ weight: z.number().min(0.000_001).max(1_000_000) });

export type Quantities = z.output<typeof quantities>;
export type ClusterMaster = z.output<typeof clusterMaster>;
export type ClusterAgent = z.output<typeof clusterAgent>;
export type ClusterFramework = z.output<typeof clusterFramework>;
export type ClusterRole = z.output<typeof clusterRole>;
export type TaskStateName = z.output<typeof taskState>;
export type ClusterTask = z.output<typeof clusterTask>;
export type ClusterTaskDetail = z.output<typeof clusterTaskDetail>;
export type ClusterSummary = z.output<typeof clusterSummary>;
export type Cluster = z.output<typeof cluster>;
export type ClusterDifference = z.output<typeof clusterDifference>;
export type TaskQuery = z.output<typeof taskQuery>;
export type TaskPage = z.output<typeof taskPage>;
export type Explanation = z.output<typeof explanation>;
export type SandboxPlace = z.output<typeof sandboxPlace>;
export type SandboxFile = z.output<typeof sandboxFile>;
export type SandboxText = z.output<typeof sandboxText>;
export type Machine = z.output<typeof machine>;
export type Maintenance = z.output<typeof maintenance>;
