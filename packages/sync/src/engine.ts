import { type Clock, type Logger, makeFolder, sleep } from '@orchestrator/runtime';
import { type Held, type Holder, readLock } from '@orchestrator/store';
import { checkDifferentAddresses } from './checks/same-ensemble.ts';
import { conflictDesk } from './conflict-desk.ts';
import type { CoreState } from './core/types.ts';
import type {
  LedgerEntry,
  SyncEngine,
  SyncOptions,
  SyncState,
  SyncStatus,
  VerifyOptions,
  VerifyReport,
} from './engine-types.ts';
import { reasonOf, SyncError } from './errors.ts';
import { type Counters, createCounters } from './lead/counters.ts';
import { Leader } from './lead/leader.ts';
import { contend, type LeadershipOptions, tryToLead } from './lead/leadership.ts';
import type { RunEnd } from './lead/run-end.ts';
import { waitUntilSettled } from './lead/settled.ts';
import { type EngineSettings, resolveSettings } from './settings.ts';
import type { EngineSide } from './side.ts';
import { SideKeeper } from './side-keeper.ts';
import { describeDirection } from './status/direction.ts';
import { countConflicts } from './store/conflicts.ts';
import { leadershipName } from './store/keys.ts';
import { readLedger } from './store/ledger.ts';
import { storePaused } from './store/pause.ts';
import { verifySides } from './verify/verify.ts';

/** Decisions made elsewhere are looked for, and the leader's name, at this pace. */
const refreshMs = 1_000;
const finishTimeoutMs = 120_000;

const stateOf: Readonly<Record<CoreState, SyncState>> = {
  idle: 'starting',
  claiming: 'starting',
  copying: 'copying',
  syncing: 'syncing',
  paused: 'paused',
  deposed: 'standby',
};

class Engine implements SyncEngine {
  readonly conflicts: SyncEngine['conflicts'];
  readonly #options: SyncOptions;
  readonly #settings: EngineSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #counters: Counters;
  readonly #keeper: SideKeeper;
  readonly #leader: Leader;
  readonly #stop = new AbortController();
  #isStarted = false;
  #state: SyncState = 'stopped';
  #problem: string | null = null;
  #holder: Holder | undefined;
  #conflictCounts = { total: 0, held: 0 };
  #contending: Promise<void> | undefined;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#settings = resolveSettings(options);
    this.#clock = this.#settings.clock;
    this.#logger = this.#settings.logger;
    this.#counters = createCounters(this.#clock, options.onSynced);
    this.#keeper = this.#createKeeper();
    this.#leader = this.#createLeader();
    this.conflicts = conflictDesk({
      store: options.store,
      migrationId: options.migrationId,
      onChoice: () => this.#leader.takeDecisions(),
    });
  }

  async start(): Promise<void> {
    if (this.#isStarted) throw new SyncError('BadOption', 'an engine is started once; create another');
    this.#isStarted = true;
    this.#state = 'starting';
    try {
      checkDifferentAddresses(this.#options.source, this.#options.target);
      await makeFolder(this.#options.workFolder);
      await this.#keeper.open();
      this.#conflictCounts = await countConflicts(this.#options.store, this.#options.migrationId);
      const lock = await this.#leadAtOnce();
      this.#contending = contend(this.#leadership(), lock).finally(() => this.#setState('stopped'));
      void this.#refresh();
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#close();
  }

  async finish(): Promise<void> {
    const run = this.#leading('finish');
    run.post({ kind: 'finish' });
    const timer = this.#clock.after(finishTimeoutMs, () => {
      const error = new SyncError(
        'Timeout',
        `nothing could be cleaned up for ${finishTimeoutMs} ms; is a side down?`,
      );
      run.end({ kind: 'failed', error });
    });
    const end: RunEnd = await run.ended;
    timer.cancel();
    if (end.kind === 'failed') throw end.error;
    await this.#contending;
    await this.#close();
  }

  async pause(): Promise<void> {
    await storePaused(this.#options.store, this.#options.migrationId, true);
    this.#leader.pause(true);
  }

  async resume(): Promise<void> {
    await storePaused(this.#options.store, this.#options.migrationId, false);
    this.#leader.pause(false);
  }

  status(): SyncStatus {
    const { sides } = this.#keeper;
    const core = this.#leader.run?.core.status();
    const nowMs = this.#clock.monotonicMs();
    const direction = (from: EngineSide, to: EngineSide) =>
      describeDirection({ from, to, counters: this.#counters.directions[from.side], core, nowMs });
    return {
      state: this.#state,
      leader: this.#holder?.owner ?? null,
      term: this.#holder?.term ?? 0,
      directions:
        sides === undefined
          ? []
          : [direction(sides.source, sides.target), direction(sides.target, sides.source)],
      conflicts: { ...this.#conflictCounts },
      mirrorSessions: this.#leader.mirrorSessions,
      problem: this.#problem,
    };
  }

  async settled(timeoutMs: number): Promise<void> {
    const deadline = new AbortController();
    const timer = this.#clock.after(timeoutMs, () => deadline.abort(this.#notSettled(timeoutMs)));
    try {
      await waitUntilSettled({
        sides: () => this.#keeper.opened(),
        status: () => this.#leader.run?.core.status(),
        clock: this.#clock,
        until: AbortSignal.any([deadline.signal, this.#stop.signal]),
      });
    } finally {
      timer.cancel();
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    const { source, target } = this.#keeper.opened();
    return verifySides({
      source,
      target,
      scope: this.#settings.scope,
      core: this.#leader.run?.core.status(),
      ledger: await this.ledger(),
      clock: this.#clock,
      signal: this.#stop.signal,
      ...options,
    });
  }

  async repair(report: VerifyReport): Promise<void> {
    const paths = report.differences.map((difference) => difference.path);
    if (paths.length > 0) this.#leading('repair').post({ kind: 'reconcile', paths });
  }

  ledger(): Promise<readonly LedgerEntry[]> {
    return readLedger(this.#options.store, this.#options.migrationId);
  }

  #createKeeper(): SideKeeper {
    const { clock, random, logger, scope, znodes, connectTimeoutMs, maxNodesInMemory } = this.#settings;
    const { workFolder } = this.#options;
    const landmark = znodes.cursor;
    return new SideKeeper({
      options: this.#options,
      common: { connectTimeoutMs, scope, landmark, workFolder, maxNodesInMemory, clock, random, logger },
      onInterrupted: (error) => this.#leader.run?.end({ kind: 'failed', error }),
      clock,
      logger,
    });
  }

  #createLeader(): Leader {
    const { clock, random, logger, scope, znodes, core } = this.#settings;
    const { migrationId, store, workFolder } = this.#options;
    return new Leader({
      migrationId,
      znodes,
      store,
      scope,
      settings: core,
      workFolder,
      sides: () => this.#keeper.usable(),
      onSynced: (from, changes, lagMs) => this.#counters.onSynced(from, changes, lagMs),
      onState: (state) => this.#setState(stateOf[state]),
      onConflict: (path, held) => {
        this.#conflictCounts.total++;
        if (held) this.#conflictCounts.held++;
        this.#logger.warn('conflict', { path, held });
      },
      onResolved: (path, conflicts) => {
        this.#conflictCounts.held = Math.max(0, this.#conflictCounts.held - conflicts);
        this.#logger.info('conflict is resolved', { path });
      },
      signal: this.#stop.signal,
      clock,
      random,
      logger,
    });
  }

  #leadership(): LeadershipOptions {
    const { store, migrationId, instance } = this.#options;
    const { leaseMs, clock, random, logger } = this.#settings;
    return {
      store,
      migrationId,
      instance,
      leaseMs,
      lead: async (lock) => {
        if (this.#leader.run === undefined) await this.#begin(lock);
        return this.#leader.follow(lock);
      },
      onStandby: () => this.#setState('standby'),
      onProblem: (error) => {
        this.#problem = reasonOf(error);
        this.#setState('failing');
      },
      signal: this.#stop.signal,
      clock,
      random,
      logger,
    };
  }

  /** So that a refusal reaches the caller of `start`. */
  async #leadAtOnce(): Promise<Held | undefined> {
    const lock = await tryToLead(this.#leadership());
    if (lock === undefined) return undefined;
    try {
      await this.#begin(lock);
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async #begin(lock: Held): Promise<void> {
    this.#setState('starting');
    this.#holder = { owner: this.#options.instance, term: lock.term };
    await this.#leader.begin(lock);
    await this.#leader.takeDecisions();
  }

  #setState(state: SyncState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === 'syncing') this.#counters.steadyFromNow();
    if (state !== 'failing') this.#problem = null;
    this.#logger.info('state', { state, ...(this.#problem === null ? {} : { problem: this.#problem }) });
  }

  async #refresh(): Promise<void> {
    const { store, migrationId } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#holder = await readLock(store, leadershipName(migrationId));
        await this.#leader.takeDecisions();
      } catch (error) {
        this.#logger.warn('the store cannot be read', { reason: reasonOf(error) });
      }
      this.#leader.retryContended();
      await this.#keeper.mend();
      await sleep(this.#clock, refreshMs, signal).catch(() => undefined); // aborted: the loop ends
    }
  }

  #leading(what: string) {
    const run = this.#leader.run;
    if (run !== undefined) return run;
    const leader = this.#holder === undefined ? 'nobody leads at present' : `${this.#holder.owner} leads`;
    throw new SyncError('NotLeading', `${what} is for the instance that leads; ${leader}`);
  }

  #notSettled(timeoutMs: number): SyncError {
    const { state, directions, problem } = this.status();
    const left = directions.map(({ from, backlog }) => `${backlog} from the ${from}`).join(', ');
    return new SyncError(
      'Timeout',
      `not settled after ${timeoutMs} ms: ${state}, ${left} to go${problem === null ? '' : `; ${problem}`}`,
    );
  }

  async #close(): Promise<void> {
    this.#stop.abort(new SyncError('Stopped', 'the engine was stopped'));
    await this.#contending;
    await this.#keeper.close();
    this.#state = 'stopped';
  }
}

/** One engine instance; nothing happens before `start`. Throws `BadOption`. */
export function createSyncEngine(options: SyncOptions): SyncEngine {
  return new Engine(options);
}
