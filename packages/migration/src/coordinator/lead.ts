/** Everything that the leading coordinator does for one migration: engine, monitor, driver, and what they need. */
import type { Clock, Logger } from '@orchestrator/runtime';
import type { Held, Store } from '@orchestrator/store';
import type { SyncEngine, VerifyReport } from '@orchestrator/sync';
import { alertChannels } from '../alerts/channels.ts';
import { type AlertDispatcher, createAlertDispatcher } from '../alerts/dispatcher.ts';
import { failureOf, MigrationError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import { answerQuestions, type Question } from '../journal/questions.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { CheckResult } from '../phases/check.ts';
import type { Facts, MigrationContext } from '../phases/context.ts';
import type { Activity } from '../phases/machine-types.ts';
import type { Alert } from './alerts.ts';
import { driveMigration } from './driver.ts';
import type { Equipment } from './equipment.ts';
import { createFacts } from './facts.ts';
import { type Live, LiveBoard } from './live.ts';
import type { MigrationMetrics } from './metrics.ts';
import { monitor } from './monitor.ts';
import type { PhaseSet } from './perform.ts';
import type { SampleHistory } from './samples.ts';
import { createStepContext } from './step-context.ts';
import { wishOf } from './sync-wish.ts';
import { createTidy } from './tidy.ts';

export interface LeadOptions {
  readonly instance: string;
  readonly journal: Journal;
  readonly store: Store;
  readonly held: Held;
  readonly record: MigrationRecord;
  readonly equipment: Equipment;
  readonly phases: PhaseSet<MigrationContext>;
  readonly metrics: MigrationMetrics;
  readonly clock: Clock;
  /** The migration's own. */
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** A migration that this process leads, from its construction until `ended`. */
export class LedMigration {
  /** Resolves when this process no longer leads and nothing of its work goes on. */
  readonly ended: Promise<void>;
  readonly #options: LeadOptions;
  readonly #stop: AbortSignal;
  readonly #facts: Facts;
  readonly #live: LiveBoard;
  readonly #dispatcher: AlertDispatcher;
  #record: MigrationRecord;

  constructor(options: LeadOptions) {
    const { instance, journal, held, record, clock, logger, signal } = options;
    this.#options = options;
    this.#record = record;
    this.#stop = AbortSignal.any([held.lost, signal]);
    this.#facts = createFacts(journal, record.id, held);
    const write = (state: Live) => this.#facts.put('live', state);
    this.#live = new LiveBoard({ instance, term: held.term, clock, logger, write });
    this.#dispatcher = this.#createDispatcher();
    options.equipment.supervisor.lead();
    this.ended = this.#work();
  }

  /** `undefined` while none runs. */
  get engine(): SyncEngine | undefined {
    return this.#options.equipment.supervisor.engine;
  }

  /** Evaluates the success criteria of a phase (`current`: the one reached; 0: the state before), now and once. */
  async validate(which: number | 'current', signal: AbortSignal): Promise<readonly CheckResult[]> {
    const { phases, origin } = this.#options.phases;
    const phase = which === 'current' ? this.#record.state.phase : which;
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

  /** Compares both sides now, and mends what differs when `repair` is set. */
  async verify(actor: string, repair: boolean): Promise<VerifyReport> {
    const { journal, record } = this.#options;
    const { engine } = this;
    if (engine === undefined) {
      throw new MigrationError('precondition', `synchronisation of migration ${record.id} does not run`, {
        remedy: 'it runs from phase 1 on until phase 6; see status',
      });
    }
    const report = await engine.verify();
    const details = { differences: report.differenceCount, repair };
    await journal.audit(record.id, { actor, action: 'verify', details });
    if (!repair || report.differenceCount === 0) return report;
    await engine.repair(report);
    return engine.verify();
  }

  #find(question: Question, signal: AbortSignal): Promise<unknown> {
    return question.kind === 'validate'
      ? this.validate(question.phase, signal)
      : this.verify(question.actor, question.repair);
  }

  async #work(): Promise<void> {
    const { held, equipment, logger } = this.#options;
    const monitoring = new AbortController();
    logger.info('leading', { term: held.term });
    const besides = AbortSignal.any([this.#stop, monitoring.signal]);
    const watching = Promise.all([this.#monitor(besides), this.#answer(besides)]);
    try {
      await this.#drive();
    } finally {
      monitoring.abort();
      await equipment.supervisor
        .close()
        .catch((error: unknown) => logger.warn('the engine did not stop cleanly', { error }));
      await watching;
      await this.#dispatcher.close();
      await this.#live.close();
      logger.info('no longer leading', { term: held.term });
    }
  }

  #answer(signal: AbortSignal): Promise<void> {
    const { record, store, held, clock, logger } = this.#options;
    const find = (question: Question) => this.#find(question, signal);
    return answerQuestions({ store, id: record.id, held, clock, logger, signal, find });
  }

  #drive(): Promise<void> {
    const { record, instance, journal, store, held, signal, phases, clock, logger } = this.#options;
    return driveMigration<MigrationContext>({
      id: record.id,
      instance,
      journal,
      store,
      held,
      signal,
      phases,
      clock,
      logger,
      contextFor: (latest, _, stepSignal) => this.#contextFor(latest, stepSignal),
      align: (latest) => this.#align(latest),
      onFailure: (activity, error) => this.#onFailure(activity, error),
    });
  }

  #monitor(signal: AbortSignal): Promise<void> {
    const { record, metrics, clock, logger, equipment, journal, held } = this.#options;
    const { source, target, supervisor } = equipment;
    const { alerts, orchestration } = record.config;
    const tidy = createTidy({ target, facts: this.#facts, journal, held, clock });
    return monitor({
      source,
      target,
      expected: () => expectedUp(this.#record),
      sync: () => supervisor.status(),
      live: this.#live,
      thresholds: { lagMs: alerts.lag_threshold_ms, conflictsPerMin: alerts.conflicts_per_min },
      intervalMs: orchestration.health_check_interval_sec * 1000,
      clock,
      logger,
      signal,
      onAlert: (alert) => this.#onAlert(alert),
      onStatus: (status, health) => metrics.observed(record.id, status, health),
      afterLook: async () => {
        if (await tidy(this.#record)) await this.#audit('tidied up', {});
      },
      loadSamples: () => this.#facts.get<SampleHistory>('samples'),
      saveSamples: (history) => this.#facts.put('samples', history),
    });
  }

  #contextFor(record: MigrationRecord, signal: AbortSignal): MigrationContext {
    const { equipment, clock, logger } = this.#options;
    const { supervisor, ...shared } = equipment;
    return createStepContext(
      {
        ...shared,
        sync: supervisor,
        facts: this.#facts,
        live: this.#live,
        clock,
        logger,
        onInstruction: (text) => this.#audit('instruction', { text }),
      },
      record,
      AbortSignal.any([this.#stop, signal]),
    );
  }

  async #align(latest: MigrationRecord): Promise<void> {
    this.#record = latest;
    this.#options.metrics.state(latest.id, latest.state);
    if (latest.state.current === null) this.#live.update({ progress: null });
    await this.#options.equipment.supervisor.align(wishOf(latest));
  }

  async #onAlert(alert: Alert): Promise<void> {
    this.#options.metrics.alert(this.#record.id, alert);
    const level = alert.severity === 'critical' ? 'error' : 'warn';
    this.#options.logger[level](`alert ${alert.state}: ${alert.message}`, { ...alert });
    await this.#audit(`alert ${alert.state}`, { ...alert });
    const { id, name } = this.#record;
    this.#dispatcher.tell({ id, name, timeMs: this.#options.clock.nowMs(), alert });
  }

  #createDispatcher(): AlertDispatcher {
    const { record, metrics, clock, logger } = this.#options;
    return createAlertDispatcher({
      channels: alertChannels(record.config.alerts, clock),
      clock,
      onSent: (channel) => metrics.delivery(record.id, channel, 'sent'),
      onLost: (channel, { alert }, reason) => {
        metrics.delivery(record.id, channel, 'lost');
        const details = { channel, kind: alert.kind, state: alert.state, reason };
        logger.warn('an alert could not be told', details);
        this.#audit('alert not told', details).catch((error: unknown) => {
          logger.warn('that was not recorded', { error });
        });
      },
    });
  }

  #onFailure({ phase, step }: Activity, error: unknown): void {
    const { message, remedy } = failureOf(error);
    const alert: Alert = {
      kind: 'step-failed',
      key: `step-failed/${phase}/${step}`,
      severity: 'critical',
      state: 'raised',
      message: `step ${phase}/${step} failed: ${message}`,
      remedy,
    };
    void this.#onAlert(alert).catch((failure: unknown) => {
      this.#options.logger.warn('an alert was not recorded', { error: failure });
    });
  }

  #audit(action: string, details: Record<string, string | number | boolean | null>): Promise<void> {
    const { journal, instance, held, record } = this.#options;
    return journal.audit(record.id, { actor: `coordinator:${instance}`, action, details }, held);
  }
}

/** Which ensembles have to be up, by what has been done. */
function expectedUp({ state }: MigrationRecord): { source: boolean; target: boolean } {
  const done = (step: string) => state.done.some((ref) => ref.step === step);
  const stopping = state.current?.step === 'shut down source' || done('shut down source');
  const active = state.status !== 'planned' && !(state.status === 'rolled-back' && state.phase === 0);
  return { source: active && !stopping, target: done('start target') };
}
