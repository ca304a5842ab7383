/** The engine of one migration in this process: started, paused and ended as steps and the record ask for it. */
import { type Clock, type Logger, sleep } from '@orchestrator/runtime';
import type { SeedOptions, SeedReport, Side, SyncEngine, SyncOptions, SyncStatus } from '@orchestrator/sync';
import type { SyncControl } from '../phases/context.ts';

/** What this package needs of `@orchestrator/sync`. */
export interface SyncEngines {
  create(options: SyncOptions): SyncEngine;
  seed(options: SeedOptions): Promise<SeedReport>;
}

export interface SupervisorOptions {
  readonly engines: SyncEngines;
  /** Read anew at each start, so that rotated credentials are seen. */
  engineOptions(): Promise<SyncOptions>;
  seedOptions(options: Pick<SeedOptions, 'outputFolder' | 'targetVersion'>): Promise<SeedOptions>;
  ownSessions(side: Side): Promise<ReadonlySet<bigint>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `own`: a step is starting or stopping the engine itself. */
export type SyncWish = 'running' | 'paused' | 'off' | 'own';

const retryMs = 2_000;

export class SyncSupervisor implements SyncControl {
  readonly #options: SupervisorOptions;
  readonly #closing = new AbortController();
  #engine: Promise<SyncEngine> | undefined;
  #started: SyncEngine | undefined;
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

  running(): Promise<SyncEngine> {
    this.#engine ??= this.#start();
    return this.#engine;
  }

  async #start(): Promise<SyncEngine> {
    const { engines, engineOptions } = this.#options;
    let engine: SyncEngine | undefined;
    try {
      engine = engines.create(await engineOptions());
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
        this.#options.logger.debug('an engine that did not start did not stop cleanly', { error: stopError });
      });
      throw error;
    }
  }

  /** Brings the engine in line with what the record asks for; starting goes on in the background, for as long as it takes. */
  async align(wish: SyncWish): Promise<void> {
    if (wish === 'own') return;
    this.#wish = wish;
    if (wish === 'off') return;
    if (this.#started === undefined) {
      this.#keeping ??= this.#keepStarting().finally(() => {
        this.#keeping = undefined;
      });
      return;
    }
    await this.#matchPause(this.#started);
  }

  /** The wish may change while an engine is being told of the one before. */
  async #matchPause(engine: SyncEngine): Promise<void> {
    for (let pause = this.#wish === 'paused'; pause !== this.#paused; pause = this.#wish === 'paused') {
      await (pause ? engine.pause() : engine.resume());
      this.#paused = pause;
    }
  }

  async #keepStarting(): Promise<void> {
    const { clock, logger } = this.#options;
    while (this.#wish !== 'off' && this.#started === undefined && !this.#closing.signal.aborted) {
      try {
        await this.running();
      } catch (error) {
        logger.error('synchronisation does not start; tried again', { error });
        const waited = sleep(clock, retryMs, this.#closing.signal);
        if (!(await waited.then(() => true).catch(() => false))) return;
      }
    }
  }

  async stop(): Promise<void> {
    this.#wish = 'off';
    await this.#end((engine) => engine.stop());
  }

  async finish(): Promise<void> {
    const engine = await this.running();
    this.#wish = 'off';
    await engine.finish();
    this.#forget();
  }

  async seed(options: Pick<SeedOptions, 'outputFolder' | 'targetVersion'>): Promise<SeedReport> {
    return this.#options.engines.seed(await this.#options.seedOptions(options));
  }

  ownSessions(side: Side): Promise<ReadonlySet<bigint>> {
    return this.#options.ownSessions(side);
  }

  /** For the end of this coordinator's leadership. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.stop();
    await this.#keeping;
  }

  async #end(how: (engine: SyncEngine) => Promise<void>): Promise<void> {
    const starting = this.#engine;
    if (starting === undefined) return;
    const engine = await starting.catch(() => undefined);
    if (engine !== undefined) await how(engine);
    this.#forget();
  }

  #forget(): void {
    this.#engine = undefined;
    this.#started = undefined;
    this.#paused = undefined;
    this.#problem = null;
  }
}
