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
import { checkDifferentAddresses } from './checks/same-ensemble.ts';
import { conflictDesk } from './conflict-desk.ts';
import { createScope, type Scope } from './core/scope.ts';
import type { CoreState, Side } from './core/types.ts';
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
import { type EngineSide, openSide } from './side.ts';
import { describeDirection } from './status/direction.ts';
import { countConflicts } from './store/conflicts.ts';
import { leadershipName } from './store/keys.ts';
import { readLedger } from './store/ledger.ts';
import { storePaused } from './store/pause.ts';
import { verifySides } from './verify/verify.ts';
import { ownZnodes } from './znodes.ts';

const defaultConnectTimeoutMs = 30_000;
const defaultObserverFallbackMs = 60_000;
const defaultLeaseMs = 10_000;
const defaultMaxNodesInMemory = 1_000_000;
const defaultSequenceGap = 10_000;
/** Decisions made elsewhere are looked for, and the leader's name, at this pace. */
const refreshMs = 1_000;
const pollMs = 5;
const finishTimeoutMs = 120_000;

const stateOf: Readonly<Record<CoreState, SyncState>> = {
  idle: 'starting',
  claiming: 'starting',
  copying: 'copying',
  syncing: 'syncing',
  paused: 'paused',
  deposed: 'standby',
};

type Sides = Record<Side, EngineSide>;

class Engine implements SyncEngine {
  readonly conflicts: SyncEngine['conflicts'];
  readonly #options: SyncOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #scope: Scope;
  readonly #counters: Counters;
  readonly #leader: Leader;
  readonly #stop = new AbortController();
  #sides: Sides | undefined;
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
    this.#leader = this.#createLeader();
    this.conflicts = conflictDesk({
      store: options.store,
      migrationId: options.migrationId,
      onChoice: () => void this.#leader.takeDecisions(),
    });
  }

  async start(): Promise<void> {
    if (this.#sides !== undefined) throw new SyncError('BadOption', 'the engine has been started already');
    this.#state = 'starting';
    checkDifferentAddresses(this.#options.source, this.#options.target);
    await mkdir(this.#options.workFolder, { recursive: true });
    try {
      this.#sides = await this.#openSides();
      await Promise.all([this.#sides.source.follower.start(), this.#sides.target.follower.start()]);
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
    const sides = this.#sides;
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
    const deadlineMs = this.#clock.monotonicMs() + timeoutMs;
    const sides = this.#opened();
    const barriers = await Promise.all([positionOf(sides.source), positionOf(sides.target)]);
    for (;;) {
      const status = this.#leader.run?.core.status();
      const isThrough =
        sides.source.follower.position >= barriers[0] && sides.target.follower.position >= barriers[1];
      if (
        isThrough &&
        status?.state === 'syncing' &&
        status.backlog.source === 0 &&
        status.backlog.target === 0
      )
        return;
      if (this.#clock.monotonicMs() > deadlineMs) throw this.#notSettled(timeoutMs);
      await sleep(this.#clock, pollMs, this.#stop.signal);
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    const { source, target } = this.#opened();
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
      sides: () => this.#opened(),
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

  async #openSides(): Promise<Sides> {
    const opened = await Promise.allSettled([this.#openSide('source'), this.#openSide('target')]);
    const [source, target] = opened;
    if (source.status === 'fulfilled' && target.status === 'fulfilled') {
      return { source: source.value, target: target.value };
    }
    for (const side of opened) if (side.status === 'fulfilled') await side.value.close();
    throw opened.find((side) => side.status === 'rejected')?.reason;
  }

  #openSide(side: Side, observerLost?: string): Promise<EngineSide> {
    const options = this.#options;
    return openSide({
      side,
      access: options[side],
      capture: options.capture?.[side] ?? 'auto',
      observerLost,
      connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
      scope: this.#scope,
      workFolder: options.workFolder,
      maxNodesInMemory: options.maxNodesInMemory ?? defaultMaxNodesInMemory,
      onFailure: (error) => this.#onStreamFailure(error),
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

  /** A stream that cannot be understood is nothing that a new run would mend. */
  #onStreamFailure(error: unknown): void {
    this.#problem = reasonOf(error);
    this.#logger.error('a stream has ended for good', { reason: this.#problem, error });
    this.#leader.run?.end({ kind: 'failed', error });
    this.#setState('failing');
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
      await this.#giveUpObservers();
      await sleep(this.#clock, refreshMs, signal).catch(() => undefined); // aborted: the loop ends
    }
  }

  /** A side whose quorum port stays out of reach is followed over its client port from then on. */
  async #giveUpObservers(): Promise<void> {
    const { capture, observerFallbackMs = defaultObserverFallbackMs } = this.#options;
    for (const side of ['source', 'target'] as const) {
      const current = this.#sides?.[side];
      if (current?.choice.mode !== 'observer' || (capture?.[side] ?? 'auto') !== 'auto') continue;
      const { up, sinceMs, reason } = current.link();
      const downMs = this.#clock.monotonicMs() - sinceMs;
      if (up || downMs < observerFallbackMs || !current.reader.isConnected) continue;
      await this.#replaceSide(
        current,
        `the quorum port has been out of reach for ${Math.round(downMs)} ms (${reason})`,
      );
    }
  }

  async #replaceSide(old: EngineSide, observerLost: string): Promise<void> {
    try {
      const replacement = await this.#openSide(old.side, observerLost);
      await replacement.follower.start();
      if (this.#sides === undefined) return await replacement.close();
      this.#sides = { ...this.#sides, [old.side]: replacement };
      this.#leader.run?.end({ kind: 'failed', error: new SyncError('NoObserver', observerLost) });
      await old.close();
    } catch (error) {
      this.#logger.warn('no other capture could be had', { side: old.side, reason: reasonOf(error) });
    }
  }

  #opened(): Sides {
    if (this.#sides === undefined) throw new SyncError('Stopped', 'the engine is not started');
    return this.#sides;
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
    const sides = this.#sides;
    this.#sides = undefined;
    this.#state = 'stopped';
    if (sides !== undefined) await Promise.all([sides.source.close(), sides.target.close()]);
  }
}

/** The side's last transaction; the stream has told of everything before the call once it is past this. */
async function positionOf({ reader }: EngineSide): Promise<bigint> {
  await reader.sync('/');
  return (await reader.exists('/')).zxid;
}

/** One engine instance; nothing happens before `start`. Throws `BadOption`. */
export function createSyncEngine(options: SyncOptions): SyncEngine {
  return new Engine(options);
}
