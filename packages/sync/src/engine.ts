import { mkdir } from 'node:fs/promises';
import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  sleep,
  systemClock,
  systemRandom,
} from '@orchestrator/runtime';
import { type Held, type Holder, readLock } from '@orchestrator/store';
import { ZooKeeperError } from '@orchestrator/zookeeper';
import { checkDifferentAddresses } from './checks/same-ensemble.ts';
import { conflictDesk } from './conflict-desk.ts';
import type { CoreStatus } from './core/core.ts';
import { isFinal } from './core/refused.ts';
import { createScope, type Scope } from './core/scope.ts';
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
import type { RunEnd } from './lead/run.ts';
import type { EngineSide } from './side.ts';
import { SideKeeper } from './side-keeper.ts';
import { describeDirection } from './status/direction.ts';
import { countConflicts } from './store/conflicts.ts';
import { leadershipName } from './store/keys.ts';
import { readLedger } from './store/ledger.ts';
import { storePaused } from './store/pause.ts';
import { verifySides } from './verify/verify.ts';
import { ownZnodes } from './znodes.ts';

const defaultConnectTimeoutMs = 30_000;
const defaultLeaseMs = 10_000;
const defaultMaxNodesInMemory = 1_000_000;
const defaultSequenceGap = 10_000;
/** Decisions made elsewhere are looked for, and the leader's name, at this pace. */
const refreshMs = 1_000;
const pollMs = 5;
const positionRetryMs = 100;
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
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #scope: Scope;
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
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = (options.logger ?? silentLogger).child({
      migration: options.migrationId,
      instance: options.instance,
    });
    this.#scope = createScope(options);
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
      await mkdir(this.#options.workFolder, { recursive: true });
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
    const until = AbortSignal.any([deadline.signal, this.#stop.signal]);
    try {
      const { source, target } = this.#keeper.opened();
      const barriers = await Promise.all([
        positionOf(source, until, this.#clock),
        positionOf(target, until, this.#clock),
      ]);
      while (!this.#isSettled(barriers)) await sleep(this.#clock, pollMs, until);
    } finally {
      timer.cancel();
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    const { source, target } = this.#keeper.opened();
    return verifySides({
      source,
      target,
      scope: this.#scope,
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
    const options = this.#options;
    return new SideKeeper({
      options,
      common: {
        connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
        scope: this.#scope,
        landmark: ownZnodes(options.migrationId).cursor,
        workFolder: options.workFolder,
        maxNodesInMemory: options.maxNodesInMemory ?? defaultMaxNodesInMemory,
        clock: this.#clock,
        random: this.#random,
        logger: this.#logger,
      },
      onInterrupted: (error) => this.#leader.run?.end({ kind: 'failed', error }),
      clock: this.#clock,
      logger: this.#logger,
    });
  }

  #createLeader(): Leader {
    const options = this.#options;
    return new Leader({
      migrationId: options.migrationId,
      znodes: ownZnodes(options.migrationId),
      store: options.store,
      scope: this.#scope,
      settings: {
        strategy: options.conflictStrategy ?? 'last-write-wins',
        paths: options.paths ?? ['/'],
        excludes: options.excludes ?? [],
        electionGroups: options.electionGroups ?? [],
        sequenceGap: options.sequenceGap ?? defaultSequenceGap,
        adoptTarget: options.adoptTarget ?? false,
      },
      workFolder: options.workFolder,
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
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
    });
  }

  #leadership(): LeadershipOptions {
    const { store, migrationId, instance, leaseMs = defaultLeaseMs } = this.#options;
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
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
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

  #isSettled([source, target]: readonly [bigint, bigint]): boolean {
    const sides = this.#keeper.opened();
    if (sides.source.follower.position < source || sides.target.follower.position < target) return false;
    const status = this.#leader.run?.core.status();
    return status?.state === 'syncing' && isIdle(status);
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

/** Paths that were given up for the moment count as not settled. */
function isIdle({ backlog, blocked }: CoreStatus): boolean {
  return backlog.source === 0 && backlog.target === 0 && blocked.every(({ code }) => isFinal(code));
}

/** The side's last transaction; the stream has told of everything before the call once it is past this. */
async function positionOf({ reader }: EngineSide, until: AbortSignal, clock: Clock): Promise<bigint> {
  for (;;) {
    try {
      await reader.connected(until);
      await reader.sync('/');
      return (await reader.exists('/')).zxid;
    } catch (error) {
      until.throwIfAborted();
      if (!(error instanceof ZooKeeperError)) throw error;
      await sleep(clock, positionRetryMs, until);
    }
  }
}

/** One engine instance; nothing happens before `start`. Throws `BadOption`. */
export function createSyncEngine(options: SyncOptions): SyncEngine {
  return new Engine(options);
}
