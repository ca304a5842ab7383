/**
 * Holds the two sides open: opens a broken stream anew, gives up a quorum port that stays out of reach, and goes back to it
 * when it answers again.
 */
import type { Clock, Logger } from '@orchestrator/runtime';
import { tryObserver } from './capture/choose.ts';
import type { Side } from './core/types.ts';
import type { SyncOptions } from './engine-types.ts';
import { reasonOf, SyncError } from './errors.ts';
import { type EngineSide, type OpenSideOptions, observerTimeoutMs, openSide } from './side.ts';

export type Sides = Readonly<Record<Side, EngineSide>>;

export interface SideKeeperOptions {
  readonly options: Pick<SyncOptions, 'source' | 'target' | 'capture' | 'observerFallbackMs'>;
  readonly common: Omit<OpenSideOptions, 'side' | 'access' | 'capture' | 'observerLost' | 'onFailure'>;
  /** What was captured so far of a side does not go on: a run that stands on it has to end. */
  readonly onInterrupted: (error: unknown) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const defaultObserverFallbackMs = 60_000;
const sidesOf = ['source', 'target'] as const;

export class SideKeeper {
  readonly #options: SideKeeperOptions;
  #sides: Sides | undefined;
  /** Sides whose stream has ended for good. */
  readonly #broken = new Set<Side>();
  /** Sides whose quorum port was given up, with when it is tried again on the clock's monotonic scale. */
  readonly #givenUp = new Map<Side, number>();
  /** Of these, the ones that answer again. */
  readonly #answering = new Set<Side>();

  constructor(options: SideKeeperOptions) {
    this.#options = options;
  }

  /** `undefined` before they are open, and after they are closed. */
  get sides(): Sides | undefined {
    return this.#sides;
  }

  /** Throws `Unreachable` while a side is being opened anew, `Stopped` when none is open. */
  usable(): Sides {
    for (const side of this.#broken) {
      throw new SyncError('Unreachable', `the stream of the ${side} has ended and is being opened anew`);
    }
    return this.opened();
  }

  opened(): Sides {
    if (this.#sides === undefined) throw new SyncError('Stopped', 'the engine is not started');
    return this.#sides;
  }

  /** Resolves with both mirrors complete. Rejects as {@link openSide}, with nothing left open. */
  async open(): Promise<void> {
    const [source, target] = await Promise.allSettled(sidesOf.map((side) => this.#open(side)));
    if (source?.status === 'fulfilled' && target?.status === 'fulfilled') {
      this.#sides = { source: source.value, target: target.value };
      await Promise.all([source.value.follower.start(), target.value.follower.start()]);
      return;
    }
    for (const side of [source, target]) if (side?.status === 'fulfilled') await side.value.close();
    for (const side of [source, target]) if (side?.status === 'rejected') throw side.reason;
  }

  /** To be called now and then. */
  async mend(): Promise<void> {
    for (const side of sidesOf) {
      const current = this.#sides?.[side];
      if (current === undefined) return;
      const lost = this.#observerLost(current);
      if (this.#broken.has(side) || lost !== undefined || this.#answering.delete(side)) {
        await this.#replace(current, lost);
      } else if (this.#clock.monotonicMs() >= (this.#givenUp.get(side) ?? Number.POSITIVE_INFINITY)) {
        this.#givenUp.set(side, this.#clock.monotonicMs() + this.#fallbackMs);
        this.#tryAgain(current).catch((error: unknown) => {
          this.#options.logger.debug('the quorum port cannot be tried', { side, reason: reasonOf(error) });
        });
      }
    }
  }

  async close(): Promise<void> {
    const sides = this.#sides;
    this.#sides = undefined;
    if (sides !== undefined) await Promise.all([sides.source.close(), sides.target.close()]);
  }

  get #clock(): Clock {
    return this.#options.clock;
  }

  get #fallbackMs(): number {
    return this.#options.options.observerFallbackMs ?? defaultObserverFallbackMs;
  }

  /** Not awaited: a port that does not answer takes its time. */
  async #tryAgain({ side, ensemble }: EngineSide): Promise<void> {
    const timeoutMs = Math.min(observerTimeoutMs, this.#fallbackMs);
    const { joined } = await tryObserver({ ensemble, clock: this.#clock, timeoutMs });
    if (joined) this.#answering.add(side);
  }

  #open(side: Side, observerLost?: string): Promise<EngineSide> {
    const { options, common } = this.#options;
    return openSide({
      ...common,
      side,
      access: options[side],
      capture: options.capture?.[side] ?? 'auto',
      observerLost,
      onFailure: (error) => this.#onStreamFailure(side, error),
    });
  }

  #onStreamFailure(side: Side, error: unknown): void {
    this.#broken.add(side);
    this.#options.logger.error('a stream has ended', { side, reason: reasonOf(error), error });
    this.#options.onInterrupted(error);
  }

  #observerLost({ side, choice, link, reader }: EngineSide): string | undefined {
    const { capture } = this.#options.options;
    if (choice.mode !== 'observer' || (capture?.[side] ?? 'auto') !== 'auto') return undefined;
    const { up, sinceMs, reason } = link();
    const downMs = this.#clock.monotonicMs() - sinceMs;
    if (up || downMs < this.#fallbackMs || !reader.isConnected) return undefined;
    return `the quorum port has been out of reach for ${Math.round(downMs)} ms (${reason})`;
  }

  async #replace(old: EngineSide, observerLost: string | undefined): Promise<void> {
    const { logger, onInterrupted } = this.#options;
    try {
      const replacement = await this.#open(old.side, observerLost);
      await startOrClose(replacement);
      if (this.#sides === undefined) return await replacement.close();
      this.#sides = { ...this.#sides, [old.side]: replacement };
      this.#broken.delete(old.side);
      if (observerLost !== undefined)
        this.#givenUp.set(old.side, this.#clock.monotonicMs() + this.#fallbackMs);
      else if (replacement.choice.mode === 'observer') this.#givenUp.delete(old.side);
      const why = observerLost ?? `its stream was opened anew, ${replacement.choice.reason}`;
      onInterrupted(new SyncError('NoObserver', `the ${old.side} is followed in another way: ${why}`));
      await old.close();
    } catch (error) {
      logger.warn('a side cannot be opened anew', { side: old.side, reason: reasonOf(error) });
    }
  }
}

async function startOrClose(side: EngineSide): Promise<void> {
  try {
    await side.follower.start();
  } catch (error) {
    await side.close();
    throw error;
  }
}
