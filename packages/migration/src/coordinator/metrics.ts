/** Prometheus metrics of migrations, under the names that dashboards and alert rules know. */
import type { Metrics } from '@orchestrator/runtime';
import type { SyncStatus } from '@orchestrator/sync';
import type { QuorumHealth } from '../ensemble/inspect.ts';
import type { MachineState, MigrationStatus } from '../phases/machine-types.ts';
import { type Alert, lagOf } from './alerts.ts';

export interface MigrationMetrics {
  state(migration: string, state: MachineState): void;
  observed(
    migration: string,
    sync: SyncStatus | null,
    health: { source: QuorumHealth | null; target: QuorumHealth | null },
  ): void;
  /** Whether this coordinator's engine could take over at once; `null`: none is asked of it. */
  standby(migration: string, isWarm: boolean | null): void;
  alert(migration: string, alert: Alert): void;
  /** Of an alert on its way out, by the configuration's name of the channel. */
  delivery(migration: string, channel: string, outcome: 'sent' | 'lost'): void;
}

const statuses: readonly MigrationStatus[] = [
  'planned',
  'running',
  'awaiting-approval',
  'paused',
  'rolling-back',
  'rolled-back',
  'completed',
  'failed',
];

export const silentMetrics: MigrationMetrics = {
  state: () => undefined,
  observed: () => undefined,
  standby: () => undefined,
  alert: () => undefined,
  delivery: () => undefined,
};

/** Registers them; once per process. */
export function createMigrationMetrics(metrics: Metrics): MigrationMetrics {
  const byMigration = ['migration'] as const;
  const byDirection = ['migration', 'from'] as const;
  const gauge = (name: string, help: string) => metrics.gauge({ name, help, labels: byMigration });
  const perDirection = (name: string, help: string) => metrics.gauge({ name, help, labels: byDirection });
  const phase = gauge('zk_migration_phase', 'Phase that is worked on, or was finished last');
  const status = metrics.gauge({
    name: 'zk_migration_status',
    help: '1 for the status the migration has',
    labels: ['migration', 'status'],
  });
  const lag = gauge(
    'zk_sync_lag_ms',
    'Age of what one side has and the other has not yet, or the p99 of the last minute',
  );
  const lagP50 = perDirection('zk_sync_lag_p50_ms', 'Median commit-to-commit lag of the last minute');
  const lagP99 = perDirection(
    'zk_sync_lag_p99_ms',
    '99th percentile of the commit-to-commit lag of the last minute',
  );
  const backlog = perDirection('zk_sync_backlog', 'Changes seen and not yet on the other side');
  const rate = perDirection('zk_sync_applied_per_second', 'Changes applied per second');
  const conflicts = gauge('zk_sync_conflicts', 'Conflicts so far');
  const held = gauge('zk_sync_conflicts_held', 'Conflicts that wait for an operator');
  const sessions = gauge('zk_sync_mirror_sessions', 'Sessions kept on one side for clients of the other');
  const healthy = gauge('zk_sync_healthy', '1 while synchronisation runs, 0 while it fails');
  const warm = gauge(
    'zk_sync_standby_warm',
    '1 while the engine of a coordinator that waits has both sides loaded and followed, 0 while it has not',
  );
  const serving = metrics.gauge({
    name: 'zk_ensemble_servers_serving',
    help: 'Servers that serve clients',
    labels: ['migration', 'cluster'],
  });
  const raised = metrics.counter({
    name: 'zk_migration_alerts_total',
    help: 'Alerts raised',
    labels: ['migration', 'kind'],
  });
  const deliveries = metrics.counter({
    name: 'zk_migration_alert_deliveries_total',
    help: 'Alerts that a channel took, or that could not be told there',
    labels: ['migration', 'channel', 'outcome'],
  });

  return {
    state(migration, state) {
      phase.set(state.phase, { migration });
      for (const name of statuses) status.set(name === state.status ? 1 : 0, { migration, status: name });
    },
    observed(migration, sync, health) {
      for (const cluster of ['source', 'target'] as const) {
        const seen = health[cluster];
        if (seen !== null) serving.set(seen.serving, { migration, cluster });
      }
      if (sync === null) {
        for (const metric of [lag, conflicts, held, sessions, healthy]) metric.remove({ migration });
        return;
      }
      lag.set(lagOf(sync), { migration });
      conflicts.set(sync.conflicts.total, { migration });
      held.set(sync.conflicts.held, { migration });
      sessions.set(sync.mirrorSessions, { migration });
      healthy.set(sync.state === 'failing' ? 0 : 1, { migration });
      for (const direction of sync.directions) {
        const labels = { migration, from: direction.from };
        lagP50.set(direction.lagP50Ms ?? 0, labels);
        lagP99.set(direction.lagP99Ms ?? 0, labels);
        backlog.set(direction.backlog, labels);
        rate.set(direction.appliedPerS, labels);
      }
    },
    standby(migration, isWarm) {
      if (isWarm === null) warm.remove({ migration });
      else warm.set(isWarm ? 1 : 0, { migration });
    },
    alert(migration, { kind, state }) {
      if (state === 'raised') raised.add(1, { migration, kind });
    },
    delivery(migration, channel, outcome) {
      deliveries.add(1, { migration, channel, outcome });
    },
  };
}
