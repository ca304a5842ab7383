/** Follows one ensemble: keeps its mirror, warm for whenever this instance leads, and hands its stream to whoever leads. */
import type { Logger } from '@orchestrator/runtime';
import type { Tree } from '@orchestrator/zookeeper';
import type { Capture, CaptureEvent } from './capture/capture.ts';
import type { Side } from './core/types.ts';
import { SyncError } from './errors.ts';

/** Takes over from the follower: applies the transactions to the mirror, and takes new mirrors. */
export type StreamSink = (event: Exclude<CaptureEvent, { kind: 'link' | 'wentBack' }>) => void;

export interface FollowerOptions {
  readonly side: Side;
  readonly capture: Capture;
  readonly logger: Logger;
  /** Of the stream itself; the follower has ended by then. */
  readonly onFailure: (error: unknown) => void;
  readonly onLink: (up: boolean, reason: string) => void;
}

export class Follower {
  readonly side: Side;
  readonly capture: Capture;
  readonly #options: FollowerOptions;
  #tree: Tree | undefined;
  /** Kept until the next one, since it may still be compared with its successor. */
  #previous: Tree | undefined;
  #mistrusted: Tree | undefined;
  #sink: StreamSink | undefined;
  /** Reasons to take nothing from the capture for now. */
  readonly #holds = new Set<string>();
  #wake: (() => void) | undefined;
  readonly #ready = Promise.withResolvers<Tree>();
  #ended = false;
  #progress = 0n;
  #running: Promise<void> | undefined;

  constructor(options: FollowerOptions) {
    this.side = options.side;
    this.capture = options.capture;
    this.#options = options;
  }

  /** Resolves with the first mirror; rejects when the stream fails before. */
  start(): Promise<Tree> {
    this.#running ??= this.#run();
    return this.#ready.promise;
  }

  /** The side as far as its stream has been taken. */
  get mirror(): Tree | undefined {
    return this.#tree;
  }

  /**
   * How far the stream has been taken. Past the mirror's zxid where a new epoch has begun without a transaction; before it
   * where the mirror learns of our own writes from their answers, which a capture without history does not show.
   */
  get position(): bigint {
    const held = this.#tree?.zxid ?? 0n;
    if (this.capture.mode !== 'observer') return this.#progress;
    return this.#progress > held ? this.#progress : held;
  }

  /** Takes nothing from the stream, so that the mirror stands still, until every reason given is released. */
  hold(reason: string): void {
    this.#holds.add(reason);
  }

  release(reason: string): void {
    this.#holds.delete(reason);
    if (this.#holds.size === 0) this.#wake?.();
  }

  /** From now on `sink` gets the stream; without one the follower applies it itself. */
  handTo(sink: StreamSink | undefined): void {
    this.#sink = sink;
  }

  async stop(): Promise<void> {
    this.#ended = true;
    this.capture.close();
    this.#holds.clear();
    this.#wake?.();
    await this.#running;
    this.#previous?.close();
    this.#tree?.close();
  }

  async #run(): Promise<void> {
    try {
      for await (const event of this.capture.events()) {
        while (this.#holds.size > 0 && !this.#ended) await this.#woken();
        if (this.#ended) return;
        this.#take(event);
      }
    } catch (error) {
      if (this.#ended) return;
      this.#options.onFailure(error);
      this.#ready.reject(error);
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(event: CaptureEvent): void {
    if (event.kind === 'link') {
      this.#options.onLink(event.up, event.reason);
      return;
    }
    if (event.kind === 'wentBack') throw wentBack(this.side, event.seen, event.found);
    if (event.kind === 'mirror') this.#replace(event.tree);
    if (event.kind === 'progress') this.#progress = event.zxid;
    if (this.#sink !== undefined) this.#sink(event);
    else if (event.kind === 'txns') for (const txn of event.txns) this.#tree?.apply(txn);
    this.#checkDigest();
  }

  #replace(tree: Tree): void {
    const { side, logger } = this.#options;
    if (tree.zxid < this.position) {
      const seen = this.position;
      tree.close();
      throw wentBack(side, seen, tree.zxid);
    }
    this.#previous?.close();
    this.#previous = this.#tree;
    this.#tree = tree;
    logger.info('mirror is complete', {
      side,
      nodes: tree.size,
      zxid: `0x${tree.zxid.toString(16)}`,
      state: tree.state,
    });
    this.#ready.resolve(tree);
  }

  /** The tree has drifted from the servers': a defect, ours or theirs. The remedy is a fresh snapshot. */
  #checkDigest(): void {
    const mismatch = this.#tree?.mismatch;
    if (mismatch === undefined || this.#mistrusted === this.#tree) return;
    this.#mistrusted = this.#tree;
    const { side, logger } = this.#options;
    logger.error('the mirror does not have the digest of the servers; a fresh snapshot is taken', {
      side,
      zxid: `0x${mismatch.zxid.toString(16)}`,
    });
    this.capture.restart();
  }
}

/**
 * Nothing that was committed is ever rolled back. The servers also turn away every client that has seen more than they
 * have, so nothing of what is connected now can go on.
 */
function wentBack(side: Side, seen: bigint, found: bigint): SyncError {
  return new SyncError(
    'WentBack',
    `the ${side} had committed 0x${seen.toString(16)} and is at 0x${found.toString(16)} now: it was emptied, replaced, or ` +
      'restored from a backup. Make sure that it is the ensemble you mean; both sides are compared from the beginning',
  );
}
