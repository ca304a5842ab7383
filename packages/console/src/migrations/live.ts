/** What the leading coordinator sees at the moment, and what of it is remembered for the charts. Pure. */
import { syncStatus } from '@orchestrator/monitor/schema';
import { z } from 'zod';

const quorum = z.looseObject({
  ...{ serving: z.number(), total: z.number(), leader: z.string().nullable() },
  ...{ healthy: z.boolean(), explanation: z.string() },
});

const alert = z.looseObject({
  kind: z.string(),
  severity: z.enum(['warning', 'critical']),
  message: z.string(),
  remedy: z.string().nullable(),
});

/** `live` of a migration's health, and of the events of that kind. */
export const livePicture = z.looseObject({
  updated_ms: z.number(),
  instance: z.string(),
  progress: z
    .looseObject({ stage: z.string(), done: z.number(), total: z.number().nullable(), unit: z.string() })
    .nullable(),
  instruction: z.string().nullable(),
  sync: syncStatus.nullable(),
  source: quorum.nullable(),
  target: quorum.nullable(),
  clients: z.object({ source: z.number().nullable(), target: z.number().nullable() }),
  alerts: z.array(alert),
});

export type LivePicture = z.output<typeof livePicture>;
export type Quorum = z.output<typeof quorum>;

export interface Sample {
  readonly timeMs: number;
  readonly lagMs: number | null;
  readonly lagP99Ms: number | null;
  readonly appliedPerS: number;
  readonly backlog: number;
}

export interface LagHistory {
  readonly source: readonly Sample[];
  readonly target: readonly Sample[];
}

export const noHistory: LagHistory = { source: [], target: [] };

const shortestGapMs = 1_000;
/** Ten minutes. */
const maxSamples = 600;

/** `history` with what is seen now; one sample a second, the oldest go. */
export function remember(history: LagHistory, live: LivePicture): LagHistory {
  const next: { source: readonly Sample[]; target: readonly Sample[] } = { ...history };
  for (const direction of live.sync?.directions ?? []) {
    const samples = history[direction.from];
    const lastMs = samples.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY;
    if (live.updated_ms - lastMs < shortestGapMs) continue;
    const sample: Sample = {
      timeMs: live.updated_ms,
      lagMs: direction.lag_p50_ms,
      lagP99Ms: direction.lag_p99_ms,
      appliedPerS: direction.applied_per_s,
      backlog: direction.backlog,
    };
    next[direction.from] = [...samples.slice(1 - maxSamples), sample];
  }
  return next;
}
