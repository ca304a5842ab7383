/** All that can be done with migrations, for the command line in this process and for the REST API alike. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, type Logger, type Metrics, silentLogger, systemClock } from '@orchestrator/runtime';
import { readLock, type Store } from '@orchestrator/store';
import type { VerifyReport } from '@orchestrator/sync';
import type { MigrationConfig } from './config/schema.ts';
import { createCluster, readSourceSettings } from './coordinator/clusters.ts';
import { Conflicts } from './coordinator/conflicts.ts';
import { Coordinator } from './coordinator/coordinator.ts';
import type { EventListener } from './coordinator/events.ts';
import type { CheckRecord } from './coordinator/facts.ts';
import type { LedMigration } from './coordinator/lead.ts';
import type { Live } from './coordinator/live.ts';
import { createMigrationMetrics, silentMetrics } from './coordinator/metrics.ts';
import type { PhaseSet } from './coordinator/perform.ts';
import type { Sample, SampleHistory } from './coordinator/samples.ts';
import type { SyncEngines } from './coordinator/sync-supervisor.ts';
import { type DeploymentPreview, previewDeployment } from './deploy/target-plan.ts';
import { tellable } from './errors.ts';
import type { AuditVerdict } from './journal/audit-chain.ts';
import { type AuditPage, Journal } from './journal/journal.ts';
import { ask, type Question } from './journal/questions.ts';
import { lockName, type MigrationRecord } from './journal/record.ts';
import type { CheckResult } from './phases/check.ts';
import type { MigrationContext } from './phases/context.ts';
import { planOf } from './phases/define-phase.ts';
import { initialState } from './phases/machine.ts';
import type { MachineEvent } from './phases/machine-types.ts';
import { zookeeperPhases } from './phases/zookeeper.ts';
import { runPreflight } from './preflight/preflight.ts';
import { gatherFacts } from './report/gather.ts';
import { buildReport, type Report } from './report/model.ts';

export interface MigrationServiceOptions {
  /** Shared by all coordinators; the caller closes it after `stop`. */
  readonly store: Store;
  /** Seeds, spools and prepared files of every migration, on this machine. */
  readonly workFolder: string;
  /** Names this coordinator in leases, logs and audit entries; must differ between coordinators. */
  readonly instance: string;
  readonly engines: SyncEngines;
  /** Default: those of a ZooKeeper ensemble. */
  readonly phases?: PhaseSet<MigrationContext>;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** How long another coordinator waits after this one has died. Default 10 s. */
  readonly leaseMs?: number;
}

export type MigrationCommand =
  | { readonly kind: 'start' | 'pause' | 'resume' }
  | { readonly kind: 'advance'; readonly phase?: number }
  | { readonly kind: 'rollback'; readonly toPhase: number; readonly force?: boolean };

export interface MigrationHealth {
  /** As the leading coordinator wrote it last; `null` before the first time. Its 64-bit numbers are decimal strings. */
  readonly live: Live | null;
  readonly checks: readonly CheckRecord[];
  /** The coordinator that leads; `null` when none runs. */
  readonly leader: string | null;
}

const idBytes = 4;
/** For whoever does not want to stop what was asked for. */
const never = new AbortController().signal;
/** Stands in for the id of a migration that does not exist yet. */
const previewId = 'preview';

export class MigrationService {
  /** Nodes that were changed on both sides at once. */
  readonly conflicts: Conflicts;
  readonly #options: MigrationServiceOptions;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #phases: PhaseSet<MigrationContext>;
  readonly #coordinator: Coordinator;

  constructor(options: MigrationServiceOptions) {
    const { store, clock = systemClock, logger = silentLogger, phases = zookeeperPhases, metrics } = options;
    this.#options = options;
    this.#clock = clock;
    this.#journal = new Journal({ store, clock });
    this.#phases = phases;
    const engineOf = (id: string) => this.#coordinator.led(id)?.engine;
    this.conflicts = new Conflicts({ store, journal: this.#journal, clock, engineOf });
    this.#coordinator = new Coordinator({
      ...options,
      journal: this.#journal,
      phases,
      clock,
      logger,
      metrics: metrics === undefined ? silentMetrics : createMigrationMetrics(metrics),
    });
  }

  /** Begins to contend for the leadership of every migration in the store. */
  start(): Promise<void> {
    return this.#coordinator.start();
  }

  /** Interrupts what this coordinator does; it goes on with the next one. */
  stop(): Promise<void> {
    return this.#coordinator.stop();
  }

  /** @returns ends the subscription */
  subscribe(listener: EventListener): () => void {
    return this.#coordinator.events.subscribe(listener);
  }

  /** Stores a plan; nothing is looked at or changed yet. */
  async create(config: MigrationConfig, actor: string): Promise<MigrationRecord> {
    const { require_manual_approval: manualApproval, rollback_retention_hours: hours } = config.orchestration;
    const plan = planOf(this.#phases.phases, { manualApproval, rollbackRetentionMs: hours * 3_600_000 });
    const id = randomBytes(idBytes).toString('hex');
    return this.#journal.create(
      {
        id,
        name: config.name,
        createdMs: this.#clock.nowMs(),
        createdBy: actor,
        config,
        plan,
        state: initialState,
      },
      { actor, action: 'create', details: { name: config.name } },
    );
  }

  list(): Promise<readonly MigrationRecord[]> {
    return this.#journal.list();
  }

  /** @throws MigrationError `not-found` */
  async get(id: string): Promise<MigrationRecord> {
    return (await this.#journal.read(id)).record;
  }

  /**
   * Stores the command; the leading coordinator, here or elsewhere, acts on it.
   *
   * @throws MigrationError `precondition`, with a remedy, when the state does not allow it
   */
  async command(id: string, command: MigrationCommand, actor: string): Promise<MigrationRecord> {
    const event: MachineEvent = { ...command, nowMs: this.#clock.nowMs() };
    const { kind, ...details } = command;
    await this.#journal.apply(id, event, { actor, action: kind, details: { ...details } });
    return this.get(id);
  }

  async health(id: string): Promise<MigrationHealth> {
    await this.get(id);
    const [live, checks, holder] = await Promise.all([
      this.#journal.getFact<Live>(id, 'live'),
      this.#journal.getFact<readonly CheckRecord[]>(id, 'checks'),
      readLock(this.#options.store, lockName(id)),
    ]);
    return { live: live ?? null, checks: checks ?? [], leader: holder?.owner ?? null };
  }

  /** Lag and throughput since the beginning, oldest first; the longer it lasts, the more time one sample stands for. */
  async history(id: string): Promise<readonly Sample[]> {
    await this.get(id);
    return (await this.#journal.getFact<SampleHistory>(id, 'samples'))?.samples ?? [];
  }

  /** Evaluates a phase's success criteria now, and changes nothing; `current`: of the phase reached. */
  async validate(
    id: string,
    phase: number | 'current',
    signal?: AbortSignal,
  ): Promise<readonly CheckResult[]> {
    const here = (led: LedMigration) => led.validate(phase, signal ?? never);
    return (await this.#byLeader(id, { kind: 'validate', phase }, here, signal)) as readonly CheckResult[];
  }

  /** Everything that can be known before a migration is begun; looks at both ensembles and changes nothing. */
  async preflight(config: MigrationConfig, signal?: AbortSignal): Promise<readonly CheckResult[]> {
    const { source, target, sourceSettings } = this.#look(config);
    return runPreflight({
      id: previewId,
      config,
      source,
      target,
      clock: this.#clock,
      folder: this.#options.workFolder,
      signal: signal ?? never,
      sourceSettings,
    });
  }

  /** How the target would be deployed: commands, derived configuration, and what is not taken over. Changes nothing. */
  async preview(config: MigrationConfig): Promise<DeploymentPreview> {
    const { target, sourceSettings } = this.#look(config);
    return previewDeployment(target.deployer, config.target.deploy, await sourceSettings());
  }

  #look(config: MigrationConfig) {
    const superCredential = async () => null;
    const folder = join(this.#options.workFolder, previewId);
    const shared = { config, owner: previewId, folder, clock: this.#clock, superCredential };
    const source = createCluster({ ...shared, role: 'source' });
    const target = createCluster({ ...shared, role: 'target' });
    return { source, target, sourceSettings: () => readSourceSettings(config, source) };
  }

  /** Compares both sides now, and mends what differs when `repair` is set. */
  async verify(
    id: string,
    actor: string,
    options: { repair?: boolean; signal?: AbortSignal } = {},
  ): Promise<VerifyReport> {
    const { repair = false, signal } = options;
    const here = (led: LedMigration) => led.verify(actor, repair);
    return (await this.#byLeader(id, { kind: 'verify', actor, repair }, here, signal)) as VerifyReport;
  }

  async audit(id: string, options: { after?: number; limit?: number } = {}): Promise<AuditPage> {
    await this.get(id);
    return this.#journal.auditPage(id, options);
  }

  verifyAudit(id: string): Promise<AuditVerdict> {
    return this.#journal.verifyAudit(id);
  }

  async report(id: string): Promise<Report> {
    const record = await this.get(id);
    const engine = this.#coordinator.led(id)?.engine;
    return buildReport(record, await gatherFacts(this.#journal, record, engine), this.#clock.nowMs());
  }

  /** Done here when this coordinator leads, else asked of the one that does. */
  async #byLeader(
    id: string,
    question: Question,
    here: (led: LedMigration) => Promise<unknown>,
    signal: AbortSignal = never,
  ): Promise<unknown> {
    await this.get(id);
    const led = this.#coordinator.led(id);
    const { store } = this.#options;
    const answer = led === undefined ? ask({ store, id, question, clock: this.#clock, signal }) : here(led);
    return answer.catch((error: unknown) => {
      throw tellable(error);
    });
  }
}
