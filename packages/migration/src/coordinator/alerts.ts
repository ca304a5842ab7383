/** From what is observed to alerts that are raised once and cleared once. Pure. */
import type { SyncStatus } from '@orchestrator/sync';
import type { QuorumHealth } from '../ensemble/inspect.ts';

type AlertKind =
  | 'sync-lag'
  | 'sync-failure'
  | 'quorum-loss'
  | 'leader-change'
  | 'conflict-rate'
  | 'step-failed';

export interface Alert {
  readonly kind: AlertKind;
  /** The same from raising to clearing: which of several of one kind. */
  readonly key: string;
  readonly severity: 'warning' | 'critical';
  /** `raised` once when it begins, `cleared` once when it ends; what has no duration is only raised. */
  readonly state: 'raised' | 'cleared';
  readonly message: string;
  readonly remedy: string | null;
}

export interface Observation {
  readonly timeMs: number;
  /** `null` when no engine runs here, by intent. */
  readonly sync: SyncStatus | null;
  readonly source: QuorumHealth | null;
  readonly target: QuorumHealth | null;
}

export interface AlertThresholds {
  readonly lagMs: number;
  readonly conflictsPerMin: number;
}

export interface AlertState {
  /** Keys of the alerts that are on. */
  readonly raised: readonly string[];
  /** The same as they read now. */
  readonly active: readonly Alert[];
  readonly sourceLeader: string | null;
  readonly targetLeader: string | null;
  /** Total of conflicts at the begin of the present minute. */
  readonly conflictBase: { readonly timeMs: number; readonly total: number } | null;
  /** Conflicts of the last whole minute. */
  readonly conflictRate: number;
}

export const quietAlerts: AlertState = {
  raised: [],
  active: [],
  sourceLeader: null,
  targetLeader: null,
  conflictBase: null,
  conflictRate: 0,
};

const minuteMs = 60_000;
/** A lag has to fall this far below its threshold before the alert is cleared, so that it does not flicker. */
const clearingShare = 0.8;

interface Condition extends Omit<Alert, 'state'> {
  readonly holds: boolean;
}

export function lagOf(status: SyncStatus): number {
  return Math.max(
    0,
    ...status.directions.map((direction) => Math.max(direction.lagNowMs, direction.lagP99Ms ?? 0)),
  );
}

function quorumCondition(name: 'source' | 'target', health: QuorumHealth | null): Condition[] {
  if (health === null) return [];
  const serves = health.serving * 2 > health.total && health.leader !== null;
  return [
    {
      key: `quorum-loss/${name}`,
      kind: 'quorum-loss',
      severity: serves ? 'warning' : 'critical',
      holds: !health.healthy,
      message: `${name}: ${health.serving} of ${health.total} servers serve (${health.explanation})`,
      remedy: 'start the missing servers, and look at their logs',
    },
  ];
}

function syncConditions(state: AlertState, { sync }: Observation, thresholds: AlertThresholds): Condition[] {
  if (sync === null) return [];
  const lagMs = lagOf(sync);
  const limitMs = state.raised.includes('sync-lag') ? thresholds.lagMs * clearingShare : thresholds.lagMs;
  return [
    {
      key: 'sync-lag',
      kind: 'sync-lag',
      severity: 'warning',
      holds: lagMs > limitMs,
      message: `synchronisation lags ${Math.round(lagMs)} ms (threshold ${thresholds.lagMs} ms)`,
      remedy:
        'see the backlog in the sync status; a slow target, a slow link or a burst of writes are the usual causes',
    },
    {
      key: 'sync-failure',
      kind: 'sync-failure',
      severity: 'critical',
      holds: sync.state === 'failing',
      message: `synchronisation is failing: ${sync.problem ?? 'no reason known'}`,
      remedy: 'nothing is lost; it goes on by itself once the cause is gone',
    },
    {
      key: 'conflict-rate',
      kind: 'conflict-rate',
      severity: 'warning',
      holds: state.conflictRate > thresholds.conflictsPerMin,
      message: `${state.conflictRate} conflicts in a minute (threshold ${thresholds.conflictsPerMin})`,
      remedy: 'the same nodes are written on both sides: see the list of conflicts for the paths',
    },
  ];
}

function leaderChanges(state: AlertState, observation: Observation): Alert[] {
  const sides = [
    ['source', state.sourceLeader, observation.source?.leader],
    ['target', state.targetLeader, observation.target?.leader],
  ] as const;
  return sides.flatMap(([name, before, now]) =>
    before === null || now === null || now === undefined || before === now
      ? []
      : [
          {
            kind: 'leader-change' as const,
            key: `leader-change/${name}/${now}`,
            severity: 'warning' as const,
            state: 'raised' as const,
            message: `${name}: leadership went from ${before} to ${now}`,
            remedy: null,
          },
        ],
  );
}

function countConflicts(
  state: AlertState,
  { sync, timeMs }: Observation,
): Pick<AlertState, 'conflictBase' | 'conflictRate'> {
  if (sync === null) return { conflictBase: null, conflictRate: 0 };
  const { total } = sync.conflicts;
  const base = state.conflictBase;
  // A take-over begins to count anew.
  if (base === null || total < base.total) return { conflictBase: { timeMs, total }, conflictRate: 0 };
  if (timeMs - base.timeMs < minuteMs)
    return { conflictBase: base, conflictRate: Math.max(state.conflictRate, total - base.total) };
  return { conflictBase: { timeMs, total }, conflictRate: total - base.total };
}

export function evaluateAlerts(
  state: AlertState,
  observation: Observation,
  thresholds: AlertThresholds,
): { state: AlertState; alerts: readonly Alert[] } {
  const counted: AlertState = { ...state, ...countConflicts(state, observation) };
  const conditions = [
    ...syncConditions(counted, observation, thresholds),
    ...quorumCondition('source', observation.source),
    ...quorumCondition('target', observation.target),
  ];
  const holding = conditions.filter((condition) => condition.holds).map((condition) => condition.key);
  const toAlert = (condition: Condition, on: boolean): Alert => ({
    kind: condition.kind,
    key: condition.key,
    severity: condition.severity,
    state: on ? 'raised' : 'cleared',
    message: condition.message,
    remedy: on ? condition.remedy : null,
  });
  const alerts = conditions.flatMap((condition) => {
    const was = state.raised.includes(condition.key);
    return was === condition.holds ? [] : [toAlert(condition, condition.holds)];
  });
  return {
    state: {
      ...counted,
      raised: holding,
      active: conditions.filter((condition) => condition.holds).map((condition) => toAlert(condition, true)),
      sourceLeader: observation.source?.leader ?? state.sourceLeader,
      targetLeader: observation.target?.leader ?? state.targetLeader,
    },
    alerts: [...alerts, ...leaderChanges(state, observation)],
  };
}
