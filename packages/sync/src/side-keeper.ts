/** Holds the two sides open: opens a broken stream anew, and gives up a quorum port that stays out of reach. */
import type { Clock, Logger } from '@orchestrator/runtime';
import type { Side } from './core/types.ts';
import type { SyncOptions } from './engine-types.ts';
import { reasonOf, SyncError } from './errors.ts';
import { type EngineSide, type OpenSideOptions, openSide } from './side.ts';

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
      if (this.#broken.has(side) || lost !== undefined) await this.#replace(current, lost);
    }
  }

  async close(): Promise<void> {
    const sides = this.#sides;
    this.#sides = undefined;
    if (sides !== undefined) await Promise.all([sides.source.close(), sides.target.close()]);
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
    const { capture, observerFallbackMs = defaultObserverFallbackMs } = this.#options.options;
    if (choice.mode !== 'observer' || (capture?.[side] ?? 'auto') !== 'auto') return undefined;
    const { up, sinceMs, reason } = link();
    const downMs = this.#options.clock.monotonicMs() - sinceMs;
    if (up || downMs < observerFallbackMs || !reader.isConnected) return undefined;
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
      const why = observerLost ?? 'its stream was opened anew';
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
