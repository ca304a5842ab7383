/** Everything that the leading coordinator does for one migration: context of its steps, engine, monitor, driver. */
import { join } from 'node:path';
import type { Clock, Logger } from '@orchestrator/runtime';
import type { Held, Store } from '@orchestrator/store';
import { readMirrorSessions, readWriters, type SyncEngine } from '@orchestrator/sync';
import type { EnsemblePlan } from '../deploy/ensemble-plan.ts';
import { newSuperCredential, superDigestOf } from '../deploy/super-user.ts';
import { failureOf, MigrationError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { CheckResult } from '../phases/check.ts';
import type { MigrationContext } from '../phases/context.ts';
import { syncWanted } from '../phases/machine.ts';
import type { Activity } from '../phases/machine-types.ts';
import type { Alert } from './alerts.ts';
import { createCluster, existingPlan, readSourceSettings } from './clusters.ts';
import { driveMigration } from './driver.ts';
import { createFacts, recordChecks } from './facts.ts';
import { LiveBoard } from './live.ts';
import type { MigrationMetrics } from './metrics.ts';
import { monitor } from './monitor.ts';
import type { PhaseSet } from './perform.ts';
import type { SampleHistory } from './samples.ts';
import { type SyncEngines, SyncSupervisor, type SyncWish } from './sync-supervisor.ts';
import { tidyUp } from './tidy.ts';

export interface LeadOptions {
  readonly instance: string;
  readonly journal: Journal;
  readonly store: Store;
  readonly held: Held;
  readonly record: MigrationRecord;
  /** Holds a folder per migration. */
  readonly workFolder: string;
  readonly engines: SyncEngines;
  readonly phases: PhaseSet<MigrationContext>;
  readonly metrics: MigrationMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** A migration that this process leads. */
export interface LedMigration {
  /** `undefined` while none runs. */
  readonly engine: SyncEngine | undefined;
  /** Evaluates the success criteria of a phase, or of the state before (0), now and once. */
  validate(phase: number, signal: AbortSignal): Promise<readonly CheckResult[]>;
  /** Resolves when this process no longer leads and nothing of its work goes on. */
  readonly ended: Promise<void>;
}

/** What an audit log is kept for. */
const auditRetentionMs = 365 * 24 * 3_600_000;

export function leadMigration(options: LeadOptions): LedMigration {
  const { instance, journal, store, held, record, engines, clock, signal, metrics, phases } = options;
  const { id, config } = record;
  const logger = options.logger.child({ migration: id });
  const folder = join(options.workFolder, id);
  const facts = createFacts(journal, id, held);
  const stop = AbortSignal.any([held.lost, signal]);

  const superCredential = () => journal.secret(id, 'target-super', newSuperCredential);
  const isDeployed = config.target.deploy.kind !== 'adopt';
  const shared = { config, owner: id, folder, clock };
  const source = createCluster({ ...shared, role: 'source', superCredential: async () => null });
  const target = createCluster({
    ...shared,
    role: 'target',
    superCredential: async () => (isDeployed ? superCredential() : null),
  });

  const live = new LiveBoard({
    instance,
    term: held.term,
    clock,
    logger,
    write: (state) => facts.put('live', state),
  });

  const audit = (action: string, details: Record<string, string | number | boolean | null>) =>
    journal.audit(id, { actor: `coordinator:${instance}`, action, details }, held);

  const supervisor = new SyncSupervisor({
    engines,
    clock,
    logger,
    engineOptions: async () => {
      const { sync } = config;
      return {
        migrationId: id,
        source: await source.access(),
        target: await target.access(),
        store,
        instance,
        workFolder: join(folder, 'sync'),
        capture: sync.capture,
        paths: sync.paths_to_sync,
        excludes: sync.excludes,
        electionGroups: sync.election_groups,
        conflictStrategy: sync.conflict_resolution,
        ...(sync.sequence_gap === undefined ? {} : { sequenceGap: sync.sequence_gap }),
        maxNodesInMemory: sync.max_nodes_in_memory,
        adoptTarget: sync.adopt_target,
        clock,
        logger,
      };
    },
    ownSessions: async (side) => {
      const [mirrors, writers] = await Promise.all([
        readMirrorSessions(store, id, side),
        readWriters(store, id, side),
      ]);
      return new Set([...mirrors.map((session) => session.id), ...writers]);
    },
    seedOptions: async (wanted) => ({
      migrationId: id,
      source: await source.access(),
      paths: config.sync.paths_to_sync,
      excludes: config.sync.excludes,
      ...(config.sync.sequence_gap === undefined ? {} : { sequenceGap: config.sync.sequence_gap }),
      maxNodesInMemory: config.sync.max_nodes_in_memory,
      onProgress: (progress) => live.update({ progress }),
      ...wanted,
    }),
  });

  const planOf = async (role: 'source' | 'target'): Promise<EnsemblePlan> => {
    if (role === 'source' || !isDeployed) return existingPlan(config[role]);
    const plan = await facts.get<EnsemblePlan>('target-plan');
    return { ...(plan ?? existingPlan(config.target)), superDigest: superDigestOf(await superCredential()) };
  };

  const contextFor = (current: MigrationRecord, stepSignal: AbortSignal): MigrationContext => ({
    id,
    config,
    source,
    target,
    sync: supervisor,
    facts,
    force: current.state.force,
    folder,
    logger,
    clock,
    signal: AbortSignal.any([stop, stepSignal]),
    checkIntervalMs: Math.min(2_000, config.orchestration.health_check_interval_sec * 1000),
    recordChecks: (title, results) => recordChecks(facts, { title, timeMs: clock.nowMs(), results }),
    progress: (progress) => live.update({ progress }),
    instruct: async (text) => {
      live.update({ instruction: text });
      await audit('instruction', { text });
    },
    sourceSettings: () => readSourceSettings(config, source),
    superCredential,
    planOf,
  });

  const onAlert = async (alert: Alert): Promise<void> => {
    metrics.alert(id, alert);
    logger[alert.severity === 'critical' ? 'error' : 'warn'](`alert ${alert.state}: ${alert.message}`, {
      ...alert,
    });
    await audit(`alert ${alert.state}`, { ...alert });
  };

  let current = record;
  const align = async (latest: MigrationRecord): Promise<void> => {
    current = latest;
    metrics.state(id, latest.state);
    if (latest.state.current === null) live.update({ progress: null, instruction: null });
    await supervisor.align(wishOf(latest));
  };

  const onFailure = (activity: Activity, error: unknown): void => {
    const { message, remedy } = failureOf(error);
    const what = `step ${activity.phase}/${activity.step} failed: ${message}`;
    void onAlert({ kind: 'step-failed', severity: 'critical', state: 'raised', message: what, remedy }).catch(
      (failure: unknown) => logger.warn('an alert was not recorded', { error: failure }),
    );
  };

  const work = async (): Promise<void> => {
    logger.info('leading', { term: held.term });
    const watching = monitor({
      source,
      target,
      expected: () => expectedUp(current),
      sync: () => supervisor.status(),
      live,
      thresholds: { lagMs: config.alerts.lag_threshold_ms, conflictsPerMin: config.alerts.conflicts_per_min },
      intervalMs: config.orchestration.health_check_interval_sec * 1000,
      clock,
      logger,
      signal: stop,
      onAlert,
      onStatus: (status, health) => metrics.observed(id, status, health),
      afterLook: async () => {
        if (await tidyUp(current, target, facts, clock)) await audit('tidied up', {});
      },
      loadSamples: () => facts.get<SampleHistory>('samples'),
      saveSamples: (history) => facts.put('samples', history),
    });
    try {
      await journal.pruneAudit(id, auditRetentionMs, held);
      await driveMigration<MigrationContext>({
        id,
        instance,
        journal,
        store,
        held,
        signal,
        phases,
        clock,
        logger,
        contextFor: (latest, _, stepSignal) => contextFor(latest, stepSignal),
        align,
        onFailure,
      });
    } finally {
      await supervisor
        .close()
        .catch((error: unknown) => logger.warn('the engine did not stop cleanly', { error }));
      await watching;
      await live.close();
      logger.info('no longer leading', { term: held.term });
    }
  };

  const validate = async (phase: number, validateSignal: AbortSignal): Promise<readonly CheckResult[]> => {
    const gates = phase === 0 ? phases.origin : phases.phases.find(({ number }) => number === phase)?.success;
    if (gates === undefined) {
      const known = phases.phases.map(({ number }) => number).join(', ');
      throw new MigrationError('not-found', `there is no phase ${phase}`, {
        remedy: `the phases are 0, ${known}`,
      });
    }
    const ctx = contextFor(current, validateSignal);
    const results: CheckResult[] = [];
    for (const gate of gates) results.push(...(await gate.check(ctx)));
    return results;
  };

  return {
    get engine() {
      return supervisor.engine;
    },
    validate,
    ended: work(),
  };
}

/** A step may start and stop the engine itself; between steps the record decides. */
function wishOf(record: MigrationRecord): SyncWish {
  const { state, plan } = record;
  if (!syncWanted(plan, state)) return 'off';
  return state.status === 'paused' ? 'paused' : 'running';
}

/** Which ensembles have to be up, by what has been done. */
function expectedUp(record: MigrationRecord): { source: boolean; target: boolean } {
  const { state } = record;
  const done = (step: string) => state.done.some((ref) => ref.step === step);
  const stopping = state.current?.step === 'shut down source' || done('shut down source');
  const active = state.status !== 'planned' && !(state.status === 'rolled-back' && state.phase === 0);
  return { source: active && !stopping, target: done('start target') };
}
