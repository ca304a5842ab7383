/** Everything that the leading coordinator does for one migration: engine, monitor, driver, and what they need. */
import { join } from 'node:path';
import type { Clock, Logger } from '@orchestrator/runtime';
import type { Held, Store } from '@orchestrator/store';
import type { SyncEngine } from '@orchestrator/sync';
import { newSuperCredential } from '../deploy/super-user.ts';
import { failureOf, MigrationError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { CheckResult } from '../phases/check.ts';
import type { Cluster, Facts, MigrationContext } from '../phases/context.ts';
import { syncWanted } from '../phases/machine.ts';
import type { Activity } from '../phases/machine-types.ts';
import type { Alert } from './alerts.ts';
import { createCluster } from './clusters.ts';
import { driveMigration } from './driver.ts';
import { createSupervisor } from './engine-setup.ts';
import { createFacts } from './facts.ts';
import { type Live, LiveBoard } from './live.ts';
import type { MigrationMetrics } from './metrics.ts';
import { monitor } from './monitor.ts';
import type { PhaseSet } from './perform.ts';
import type { SampleHistory } from './samples.ts';
import { createStepContext } from './step-context.ts';
import type { SyncEngines, SyncSupervisor, SyncWish } from './sync-supervisor.ts';
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

const auditRetentionMs = 365 * 24 * 3_600_000;

/** A migration that this process leads, from its construction until `ended`. */
export class LedMigration {
  /** Resolves when this process no longer leads and nothing of its work goes on. */
  readonly ended: Promise<void>;
  readonly #options: LeadOptions;
  readonly #logger: Logger;
  readonly #stop: AbortSignal;
  readonly #facts: Facts;
  readonly #live: LiveBoard;
  readonly #supervisor: SyncSupervisor;
  readonly #folder: string;
  readonly #source: Cluster;
  readonly #target: Cluster;
  #record: MigrationRecord;

  constructor(options: LeadOptions) {
    const { instance, journal, held, record, clock, signal } = options;
    const { id, config } = record;
    this.#options = options;
    this.#record = record;
    this.#logger = options.logger.child({ migration: id });
    this.#stop = AbortSignal.any([held.lost, signal]);
    this.#facts = createFacts(journal, id, held);
    this.#folder = join(options.workFolder, id);
    const write = (state: Live) => this.#facts.put('live', state);
    this.#live = new LiveBoard({ instance, term: held.term, clock, logger: this.#logger, write });

    const shared = { config, owner: id, folder: this.#folder, clock };
    const deployed = config.target.deploy.kind !== 'adopt';
    const superCredential = async () => (deployed ? this.#superCredential() : null);
    this.#source = createCluster({ ...shared, role: 'source', superCredential: async () => null });
    this.#target = createCluster({ ...shared, role: 'target', superCredential });
    this.#supervisor = createSupervisor({
      ...shared,
      id,
      instance,
      source: this.#source,
      target: this.#target,
      store: options.store,
      engines: options.engines,
      logger: this.#logger,
      onProgress: (progress) => this.#live.update({ progress }),
    });
    this.ended = this.#work();
  }

  /** `undefined` while none runs. */
  get engine(): SyncEngine | undefined {
    return this.#supervisor.engine;
  }

  /** Evaluates the success criteria of a phase, or of the state before (0), now and once. */
  async validate(phase: number, signal: AbortSignal): Promise<readonly CheckResult[]> {
    const { phases, origin } = this.#options.phases;
    const gates = phase === 0 ? origin : phases.find(({ number }) => number === phase)?.success;
    if (gates === undefined) {
      const remedy = `the phases are 0, ${phases.map(({ number }) => number).join(', ')}`;
      throw new MigrationError('not-found', `there is no phase ${phase}`, { remedy });
    }
    const ctx = this.#contextFor(this.#record, signal);
    const results: CheckResult[] = [];
    for (const gate of gates) results.push(...(await gate.check(ctx)));
    return results;
  }

  async #work(): Promise<void> {
    const { held, journal, record } = this.#options;
    const logger = this.#logger;
    const monitoring = new AbortController();
    logger.info('leading', { term: held.term });
    const watching = this.#monitor(AbortSignal.any([this.#stop, monitoring.signal]));
    try {
      await journal.pruneAudit(record.id, auditRetentionMs, held);
      await this.#drive();
    } finally {
      monitoring.abort();
      await this.#supervisor
        .close()
        .catch((error: unknown) => logger.warn('the engine did not stop cleanly', { error }));
      await watching;
      await this.#live.close();
      logger.info('no longer leading', { term: held.term });
    }
  }

  #drive(): Promise<void> {
    const { record, instance, journal, store, held, signal, phases, clock } = this.#options;
    return driveMigration<MigrationContext>({
      id: record.id,
      instance,
      journal,
      store,
      held,
      signal,
      phases,
      clock,
      logger: this.#logger,
      contextFor: (latest, _, stepSignal) => this.#contextFor(latest, stepSignal),
      align: (latest) => this.#align(latest),
      onFailure: (activity, error) => this.#onFailure(activity, error),
    });
  }

  #monitor(signal: AbortSignal): Promise<void> {
    const { record, metrics, clock } = this.#options;
    const { alerts, orchestration } = record.config;
    return monitor({
      source: this.#source,
      target: this.#target,
      expected: () => expectedUp(this.#record),
      sync: () => this.#supervisor.status(),
      live: this.#live,
      thresholds: { lagMs: alerts.lag_threshold_ms, conflictsPerMin: alerts.conflicts_per_min },
      intervalMs: orchestration.health_check_interval_sec * 1000,
      clock,
      logger: this.#logger,
      signal,
      onAlert: (alert) => this.#onAlert(alert),
      onStatus: (status, health) => metrics.observed(record.id, status, health),
      afterLook: async () => {
        const tidied = await tidyUp(this.#record, this.#target, this.#facts, clock);
        if (tidied) await this.#audit('tidied up', {});
      },
      loadSamples: () => this.#facts.get<SampleHistory>('samples'),
      saveSamples: (history) => this.#facts.put('samples', history),
    });
  }

  #contextFor(record: MigrationRecord, signal: AbortSignal): MigrationContext {
    return createStepContext(
      {
        source: this.#source,
        target: this.#target,
        sync: this.#supervisor,
        facts: this.#facts,
        live: this.#live,
        folder: this.#folder,
        clock: this.#options.clock,
        logger: this.#logger,
        superCredential: () => this.#superCredential(),
        onInstruction: (text) => this.#audit('instruction', { text }),
      },
      record,
      AbortSignal.any([this.#stop, signal]),
    );
  }

  async #align(latest: MigrationRecord): Promise<void> {
    this.#record = latest;
    this.#options.metrics.state(latest.id, latest.state);
    if (latest.state.current === null) this.#live.update({ progress: null, instruction: null });
    await this.#supervisor.align(wishOf(latest));
  }

  async #onAlert(alert: Alert): Promise<void> {
    this.#options.metrics.alert(this.#record.id, alert);
    const level = alert.severity === 'critical' ? 'error' : 'warn';
    this.#logger[level](`alert ${alert.state}: ${alert.message}`, { ...alert });
    await this.#audit(`alert ${alert.state}`, { ...alert });
  }

  #onFailure({ phase, step }: Activity, error: unknown): void {
    const { message, remedy } = failureOf(error);
    const alert: Alert = {
      kind: 'step-failed',
      severity: 'critical',
      state: 'raised',
      message: `step ${phase}/${step} failed: ${message}`,
      remedy,
    };
    void this.#onAlert(alert).catch((failure: unknown) => {
      this.#logger.warn('an alert was not recorded', { error: failure });
    });
  }

  #audit(action: string, details: Record<string, string | number | boolean | null>): Promise<void> {
    const { journal, instance, held, record } = this.#options;
    return journal.audit(record.id, { actor: `coordinator:${instance}`, action, details }, held);
  }

  #superCredential(): Promise<string> {
    const { journal, record } = this.#options;
    return journal.secret(record.id, 'target-super', newSuperCredential);
  }
}

/** Between steps the record decides; a step that starts or stops the engine is left alone with it. */
function wishOf({ state, plan }: MigrationRecord): SyncWish {
  const { current, status } = state;
  const shape = plan.phases
    .find((phase) => phase.number === current?.phase)
    ?.steps.find((step) => step.name === current?.step);
  const active = status === 'running' || status === 'rolling-back';
  if (active && shape?.sync !== undefined) return 'own';
  if (!syncWanted(plan, state)) return 'off';
  return status === 'paused' ? 'paused' : 'running';
}

/** Which ensembles have to be up, by what has been done. */
function expectedUp({ state }: MigrationRecord): { source: boolean; target: boolean } {
  const done = (step: string) => state.done.some((ref) => ref.step === step);
  const stopping = state.current?.step === 'shut down source' || done('shut down source');
  const active = state.status !== 'planned' && !(state.status === 'rolled-back' && state.phase === 0);
  return { source: active && !stopping, target: done('start target') };
}
