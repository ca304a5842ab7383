/**
 * The engine of one migration in this process: started, paused and ended as steps and the record ask for it. While another
 * coordinator leads, it is warm: both sides loaded and followed, and behind a gate that keeps the engine's own lead from it.
 */
import { type Clock, createBackoff, type Logger, sleep } from '@orchestrator/runtime';
import { createLeaseGate, type LeaseGate, type Store } from '@orchestrator/store';
import type { SeedOptions, SeedReport, Side, SyncEngine, SyncOptions, SyncStatus } from '@orchestrator/sync';
import { MigrationError } from '../errors.ts';
import type { SeedRequest, SyncControl } from '../phases/context.ts';
import type { SyncWish } from './sync-wish.ts';

/** What this package needs of `@orchestrator/sync`. */
export interface SyncEngines {
  create(options: SyncOptions): SyncEngine;
  seed(options: SeedOptions): Promise<SeedReport>;
}

export interface SupervisorOptions {
  readonly engines: SyncEngines;
  readonly store: Store;
  /** Read anew at each start, so that rotated credentials are seen. The engine has to use the `store` it is given. */
  engineOptions(store: Store): Promise<SyncOptions>;
  seedOptions(request: SeedRequest): Promise<SeedOptions>;
  ownSessions(side: Side): Promise<ReadonlySet<bigint>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const firstRetryMs = 2_000;
const longestRetryMs = 10_000;
const leadPollMs = 50;
/** An engine that was killed holds its lease for this long at the very most. */
const longestWaitForLeadMs = 120_000;

export class SyncSupervisor implements SyncControl {
  readonly #options: SupervisorOptions;
  readonly #closing = new AbortController();
  #leads = false;
  #engine: Promise<SyncEngine> | undefined;
  #started: SyncEngine | undefined;
  #gate: LeaseGate | undefined;
  /** Unknown of a new engine: a pause outlives the engine that was paused. */
  #paused: boolean | undefined;
  #keeping: Promise<void> | undefined;
  #wish: SyncWish = 'off';
  #problem: string | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Of the engine; without one, why it does not start while it should run; else `null`. */
  status(): SyncStatus | null {
    if (this.#started !== undefined) return this.#started.status();
    if (this.#wish === 'off' && this.#engine === undefined) return null;
    return {
      state: this.#problem === null ? 'starting' : 'failing',
      leader: null,
      term: 0,
      directions: [],
      conflicts: { total: 0, held: 0 },
      mirrorSessions: 0,
      problem: this.#problem,
    };
  }

  /** The started engine, if there is one. */
  get engine(): SyncEngine | undefined {
    return this.#started;
  }

  isRunning(): boolean {
    return this.#started !== undefined;
  }

  /** From now on this coordinator leads the migration, and its engine may lead too. */
  lead(): void {
    this.#leads = true;
    this.#gate?.open();
  }

  async running(): Promise<SyncEngine> {
    const engine = await this.#opened();
    await this.#untilItLeads(engine);
    return engine;
  }

  #opened(): Promise<SyncEngine> {
    this.#engine ??= this.#start();
    return this.#engine;
  }

  async #start(): Promise<SyncEngine> {
    const { engines, engineOptions, store, logger } = this.#options;
    const gate = createLeaseGate(store);
    this.#gate = gate;
    if (this.#leads) gate.open();
    let engine: SyncEngine | undefined;
    try {
      engine = engines.create(await engineOptions(gate.store));
      await engine.start();
      this.#started = engine;
      this.#problem = null;
      await this.#matchPause(engine);
      return engine;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#engine = undefined;
      // An engine that has not started may hold sessions and a lease all the same.
      await engine?.stop().catch((stopError: unknown) => {
        logger.debug('an engine that did not start did not stop cleanly', { error: stopError });
      });
      throw error;
    }
  }

  /** The engine of a coordinator that has died keeps its lease a moment longer than the coordinator may keep its own. */
  async #untilItLeads(engine: SyncEngine): Promise<void> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + longestWaitForLeadMs;
    const waits = () => ['standby', 'starting'].includes(engine.status().state);
    while (waits()) {
      if (clock.monotonicMs() > deadlineMs)
        throw new MigrationError('unavailable', `synchronisation is led by ${engine.status().leader}`, {
          remedy: 'end that process: another coordinator leads the migration',
        });
      await sleep(clock, leadPollMs, this.#closing.signal);
    }
  }

  /** Brings the engine in line with what the record asks for; starting goes on in the background, for as long as it takes. */
  async align(wish: SyncWish): Promise<void> {
    if (!this.#leads) return this.#standBy(wish);
    if (wish === 'own') return;
    this.#wish = wish;
    if (wish === 'off') return;
    if (this.#started === undefined) this.#keep();
    else await this.#matchPause(this.#started);
  }

  /** Where the leader starts or ends its engine, sessions of a second one would be taken for clients'. */
  async #standBy(wish: SyncWish): Promise<void> {
    if (wish === 'own' || wish === 'off') return this.stop();
    this.#wish = wish;
    if (this.#started === undefined) this.#keep();
  }

  /** The wish may change while an engine is being told of the one before. A pause is the leader's to tell. */
  async #matchPause(engine: SyncEngine): Promise<void> {
    if (!this.#leads) return;
    for (let pause = this.#wish === 'paused'; pause !== this.#paused; pause = this.#wish === 'paused') {
      await (pause ? engine.pause() : engine.resume());
      this.#paused = pause;
    }
  }

  #keep(): void {
    this.#keeping ??= this.#keepStarting().finally(() => {
      this.#keeping = undefined;
    });
  }

  async #keepStarting(): Promise<void> {
    const { clock, logger } = this.#options;
    const backoff = createBackoff({ firstDelayMs: firstRetryMs, maxDelayMs: longestRetryMs });
    while (this.#isWanted() && this.#started === undefined) {
      try {
        await this.#opened();
        if (!this.#leads) logger.info('standing by, with both sides loaded and followed');
      } catch (error) {
        if (!this.#isWanted()) return;
        logger.error('synchronisation does not start; tried again', { error });
        const waited = sleep(clock, backoff.nextDelayMs(), this.#closing.signal);
        if (!(await waited.then(() => true).catch(() => false))) return;
      }
    }
  }

  #isWanted(): boolean {
    return this.#wish !== 'off' && !this.#closing.signal.aborted;
  }

  async stop(): Promise<void> {
    this.#wish = 'off';
    const opening = this.#engine;
    if (opening === undefined) return;
    // Told to stop before the gate is closed, it does not take that for a failure; before it has started, only that ends it.
    const stopped = this.#started?.stop();
    this.#gate?.close();
    await (stopped ??
      opening.then(
        (engine) => engine.stop(),
        () => undefined,
      ));
    this.#forget();
  }

  async finish(): Promise<void> {
    const engine = await this.running();
    this.#wish = 'off';
    await engine.finish();
    this.#forget();
  }

  async seed(request: SeedRequest): Promise<SeedReport> {
    return this.#options.engines.seed(await this.#options.seedOptions(request));
  }

  ownSessions(side: Side): Promise<ReadonlySet<bigint>> {
    return this.#options.ownSessions(side);
  }

  /** For the end of this coordinator's part in the migration. */
  async close(): Promise<void> {
    this.#closing.abort(new MigrationError('cancelled', 'the coordinator no longer takes part'));
    await this.stop();
    await this.#keeping;
  }

  #forget(): void {
    this.#engine = undefined;
    this.#started = undefined;
    this.#paused = undefined;
    this.#problem = null;
  }
}
