/** Leads for as long as the lock is held: prepares a run, watches over it, and leaves what a successor needs. */
import type { Clock, Logger, Random } from '@orchestrator/runtime';
import { type Held, type Store, StoreError } from '@orchestrator/store';
import { removeOwnZnodes } from '../apply/own-znodes.ts';
import { isFinal } from '../core/refused.ts';
import type { Scope } from '../core/scope.ts';
import type { CoreState, Side } from '../core/types.ts';
import { SyncError } from '../errors.ts';
import type { EngineSide } from '../side.ts';
import { readChoices } from '../store/conflicts.ts';
import { fencedStore } from '../store/fenced.ts';
import { readPaused } from '../store/pause.ts';
import { eraseSessions } from '../store/sessions.ts';
import type { OwnZnodes } from '../znodes.ts';
import type { SyncedListener } from './counters.ts';
import { type PreparedRun, type PrepareOptions, prepareRun } from './prepare.ts';
import { LeaderRun } from './run.ts';
import type { RunEnd } from './run-end.ts';

export interface LeaderOptions {
  readonly migrationId: string;
  readonly znodes: OwnZnodes;
  readonly store: Store;
  readonly scope: Scope;
  readonly settings: PrepareOptions['settings'];
  readonly workFolder: string;
  readonly sides: () => Readonly<Record<Side, EngineSide>>;
  readonly onSynced: SyncedListener;
  readonly onState: (state: CoreState) => void;
  readonly onConflict: (path: string, held: boolean) => void;
  readonly onResolved: (path: string, conflicts: number) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const sidesOf = ['source', 'target'] as const;
const hold = 'preparing';
const retriedAtOnce = 100;

export class Leader {
  readonly #options: LeaderOptions;
  #run: LeaderRun | undefined;
  #prepared: PreparedRun | undefined;
  #isPaused = false;
  /** Decisions handed to the core in this run. */
  #chosen = new Set<string>();

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  /** While this instance leads. */
  get run(): LeaderRun | undefined {
    return this.#run;
  }

  get mirrorSessions(): number {
    const sides = this.#prepared?.sides;
    return sides === undefined ? 0 : sides.source.mirrorSessions.count + sides.target.mirrorSessions.count;
  }

  /** Rejects with a refusal, or with what failed; then nothing has begun. */
  async begin(lock: Held): Promise<void> {
    const sides = this.#options.sides();
    const store = fencedStore(this.#options.store, lock);
    for (const side of sidesOf) sides[side].follower.hold(hold);
    try {
      const prepared = await prepareRun({
        ...this.#options,
        store,
        sides,
        lock,
        post: (event) => this.#run?.post(event),
        onFailure: (error) => this.#run?.end({ kind: 'failed', error }),
      });
      this.#prepared = prepared;
      this.#chosen = new Set();
      this.#run = new LeaderRun(prepared.core, {
        ...this.#options,
        store,
        sides: prepared.sides,
        onState: (state) => this.#onState(state),
      });
      this.#run.start();
    } finally {
      for (const side of sidesOf) sides[side].follower.release(hold);
    }
  }

  /** Until the run that has begun ends. Rejects when it has failed. */
  async follow(lock: Held): Promise<'again' | 'done'> {
    const run = this.#run;
    if (run === undefined) throw new SyncError('Stopped', 'no run has begun');
    const stop = () => run.end({ kind: 'stopped' });
    const reasons = [lock.lost, this.#options.signal];
    for (const signal of reasons) signal.addEventListener('abort', stop, { once: true });
    if (reasons.some((signal) => signal.aborted)) stop();
    const end = await run.ended;
    for (const signal of reasons) signal.removeEventListener('abort', stop);
    this.#run = undefined;
    return this.#conclude(end, lock);
  }

  /** What operators have decided elsewhere reaches the core here. */
  async takeDecisions(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    const { store, migrationId } = this.#options;
    for (const { path, winner } of await readChoices(store, migrationId)) {
      if (this.#chosen.has(path)) continue;
      this.#chosen.add(path);
      run.post({ kind: 'resolve', path, winner });
    }
    this.pause(await readPaused(store, migrationId));
  }

  /** Paths given up because clients of the other side kept changing them meanwhile: they may be quiet by now. */
  retryContended(): void {
    const run = this.#run;
    const blocked = run?.core.status().blocked.filter(({ code }) => !isFinal(code)) ?? [];
    if (blocked.length === 0) return;
    run?.post({ kind: 'reconcile', paths: blocked.slice(0, retriedAtOnce).map(({ path }) => path) });
  }

  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#run?.post({ kind: isPaused ? 'pause' : 'resume' });
  }

  #onState(state: CoreState): void {
    if (state === 'syncing' && this.#isPaused) this.#run?.post({ kind: 'pause' });
    this.#options.onState(state);
  }

  async #conclude(end: RunEnd, lock: Held): Promise<'again' | 'done'> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    this.#isPaused = false;
    if (end.kind === 'finished') {
      await this.#cleanUp(prepared);
      return 'done';
    }
    await prepared?.close();
    // Somebody else leads, which the lease tells in a moment.
    if (end.kind === 'failed' && end.error instanceof StoreError && end.error.code === 'lease-lost')
      return 'again';
    if (end.kind === 'failed') throw end.error;
    if (end.kind === 'deposed' && !lock.lost.aborted) {
      throw new SyncError(
        'Deposed',
        `the cursors carry term ${end.term}, higher than ours, though the lease is ours: another engine runs for migration ` +
          `${this.#options.migrationId} with another store. Stop it, or give both the same store`,
      );
    }
    return this.#options.signal.aborted ? 'done' : 'again';
  }

  /** Nothing of ours stays on either side. */
  async #cleanUp(prepared: PreparedRun | undefined): Promise<void> {
    const { store, migrationId, znodes } = this.#options;
    await prepared?.finish();
    const sides = this.#options.sides();
    for (const side of sidesOf) {
      await removeOwnZnodes(sides[side].reader, znodes);
      await eraseSessions(store, migrationId, side);
    }
  }
}
