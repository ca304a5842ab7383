/**
 * Capture over the client port alone: watches say which paths to read again. A stream of such reads has no history - what
 * happens between two reads of a node is seen as one change - and no sessions.
 *
 * It goes in rounds. A round first asks the server for its position: all events up to there have reached us then, in the
 * order of the connection. It reads the paths that these named, and tells of what differs from the mirror as one
 * transaction at that position. So everything up to a round's position has been told when the round is over.
 */
import { type Clock, type Logger, sleep } from '@orchestrator/runtime';
import {
  createTree,
  type Tree,
  type Txn,
  type TxnOp,
  type WatchEvent,
  ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';
import type { Scope } from '../core/scope.ts';
import { reasonOf } from '../errors.ts';
import { type Behind, commitNothing, untilBehind } from './behind.ts';
import type { Capture, CaptureEvent } from './capture.ts';
import { createNodeReader, type NodeReader } from './node-reads.ts';
import { readAgain } from './read-again.ts';
import { findChanged, type LiveTree, loadTree } from './tree-load.ts';

export interface PollingCaptureOptions {
  readonly ensemble: ReachableEnsemble;
  readonly mode: 'watch' | 'scan';
  readonly reason: string;
  readonly scope: Scope;
  /** A znode of ours outside of the scope, which mirrors hold all the same: whoever gets one can tell whose it is. */
  readonly landmark: string;
  readonly workFolder: string;
  readonly maxNodesInMemory: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Without any event, a round is made this often, so that positions move and a dead link is noticed. */
const idleRoundMs = 1_000;
/** Changes of ACLs cause no events, and one-shot watches can be lost to bugs: everything is compared now and then. */
const fullCompareMs = { watch: 60_000, scan: 20_000 } as const;
/** Over this many, a full comparison replaces them. */
const mostPending = 200_000;
const pathsPerRound = 2_000;
const retryMs = 500;

interface Followed {
  readonly tree: Tree;
  /** All of it was read in this session. An ensemble that was emptied has none of before. */
  readonly sessionId: bigint;
}

class PollingCapture implements Capture {
  readonly mode: 'watch' | 'scan';
  readonly reason: string;
  readonly #options: PollingCaptureOptions;
  readonly #client: ZooKeeperClient;
  readonly #reader: NodeReader;
  readonly #stop = new AbortController();
  readonly #forbidden = new Set<string>();
  #pending = new Set<string>();
  #compareAll = false;
  #restart = false;
  #asked = false;
  #wake: (() => void) | undefined;
  #comparedAtMs = 0;
  #behind: Behind | undefined;

  constructor(options: PollingCaptureOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.reason = options.reason;
    this.#client = new ZooKeeperClient(options.ensemble.client);
    const watch = (event: WatchEvent) => this.#onEvent(event);
    this.#reader = createNodeReader(
      options.mode === 'scan' ? { client: this.#client, watch } : { client: this.#client },
    );
  }

  restart(): void {
    this.#restart = true;
    this.#wake?.();
  }

  refresh(paths: readonly string[]): void {
    for (const path of paths) this.#pending.add(path);
    this.#asked = true;
    this.#wake?.();
  }

  unreadable(): readonly string[] {
    return [...this.#forbidden];
  }

  close(): void {
    this.#stop.abort(new ZooKeeperError('ClientClosed', 'the capture was closed'));
    this.#wake?.();
    void this.#client.close();
  }

  async *events(): AsyncGenerator<CaptureEvent> {
    const { signal } = this.#stop;
    const { clock } = this.#options;
    let followed: Followed | undefined;
    void this.#endWhenBehind();
    while (!signal.aborted) {
      try {
        await this.#client.connected(signal);
        yield { kind: 'link', up: true, reason: `connected to ${this.#client.server}` };
        if (followed?.sessionId !== this.#client.sessionId) {
          await this.#arm();
          followed = await this.#load();
          if (followed === undefined) continue;
          yield { kind: 'mirror', tree: followed.tree };
        } else {
          this.#compareAll = true;
        }
        yield* this.#rounds(followed);
        followed = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ZooKeeperError)) throw error;
        if (this.#behind !== undefined) return yield { kind: 'wentBack', ...this.#behind };
        if (this.#client.state === 'closed') throw this.#client.failure ?? error;
        yield { kind: 'link', up: false, reason: reasonOf(error) };
        await sleep(clock, retryMs, signal).catch(() => undefined); // aborted: the loop ends
      }
    }
  }

  /** What waits for the client fails then, and {@link events} says why. */
  async #endWhenBehind(): Promise<void> {
    const { ensemble, landmark: path, clock } = this.#options;
    this.#behind = await untilBehind({
      client: this.#client,
      ensemble,
      path,
      signal: this.#stop.signal,
      clock,
    });
    if (this.#behind !== undefined) await this.#client.close();
  }

  #onEvent(event: WatchEvent): void {
    if (event.type === 'watchRestored') this.#compareAll = true;
    else this.#pending.add(event.path);
    this.#wake?.();
  }

  async #arm(): Promise<void> {
    if (this.mode === 'scan') return;
    for (const root of this.#options.scope.roots) {
      await this.#client.addWatch(root, 'persistentRecursive', (event) => this.#onEvent(event));
    }
  }

  /**
   * Watches stand already, so what changes meanwhile is pending when the mirror is complete. `undefined` when the session was
   * lost on the way.
   */
  async #load(): Promise<Followed | undefined> {
    const { landmark, workFolder, maxNodesInMemory, clock } = this.#options;
    const { sessionId } = this.#client;
    const tree = createTree({ folder: workFolder, maxNodesInMemory });
    const position = await this.#position();
    tree.beginSnapshot(position);
    const onForbidden = (path: string) => this.#forbid(path);
    await loadTree(tree, { ...this.#live(), also: [landmark], onForbidden });
    tree.consistentFrom(position);
    this.#comparedAtMs = clock.monotonicMs();
    if (this.#client.sessionId === sessionId) return { tree, sessionId };
    tree.close();
    return undefined;
  }

  #live(): LiveTree {
    return {
      client: this.#client,
      reader: this.#reader,
      scope: this.#options.scope,
      signal: this.#stop.signal,
    };
  }

  /** The server's last transaction; every event up to it has been received when this resolves. */
  async #position(): Promise<bigint> {
    return (await this.#client.exists('/')).zxid;
  }

  /**
   * Until the stream has to begin anew; also after the loss of the session, since an ensemble that was emptied does not
   * know it either, and what is missing there must not be taken for deleted.
   */
  async *#rounds({ tree, sessionId }: Followed): AsyncGenerator<CaptureEvent> {
    const { clock, landmark } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (this.#restart) {
        this.#restart = false;
        return;
      }
      if (this.#compareAll || clock.monotonicMs() - this.#comparedAtMs > fullCompareMs[this.mode]) {
        await this.#compare(tree);
      }
      this.#asked = false;
      const position = await this.#position();
      const paths = this.#takePending();
      const ops = await this.#readAgain(tree, paths);
      const knew = tree.zxid;
      if (this.#client.sessionId !== sessionId) return;
      const arrivedMs = clock.monotonicMs();
      if (ops.length > 0 && position > tree.zxid) {
        yield { kind: 'txns', txns: [this.#txn(position, ops)], arrivedMs };
      } else if (ops.length > 0) {
        // It has to be told at a position of its own, after our last write, which the mirror has by its answer. On an idle
        // ensemble that takes a transaction.
        for (const path of paths) this.#pending.add(path);
        await commitNothing(this.#client, landmark);
      }
      if (this.#pending.size === 0) yield { kind: 'progress', zxid: position, knew };
      await this.#untilEvent();
    }
  }

  #txn(zxid: bigint, ops: readonly TxnOp[]): Txn {
    return { zxid, sessionId: 0n, cxid: 0, timeMs: this.#options.clock.nowMs(), ops };
  }

  #takePending(): string[] {
    const paths: string[] = [];
    for (const path of this.#pending) {
      if (paths.length === pathsPerRound) break;
      this.#pending.delete(path);
      if (this.#options.scope.includes(path) || path === '/') paths.push(path);
    }
    return paths.sort();
  }

  async #readAgain(tree: Tree, paths: readonly string[]): Promise<readonly TxnOp[]> {
    try {
      const { ops, alsoRead, forbidden } = await readAgain(tree, paths, this.#live());
      for (const path of alsoRead) this.#pending.add(path);
      for (const path of forbidden) this.#forbid(path);
      return ops;
    } catch (error) {
      for (const path of paths) this.#pending.add(path);
      throw error;
    }
  }

  #forbid(path: string): void {
    if (this.#forbidden.has(path)) return;
    this.#forbidden.add(path);
    this.#options.logger.warn('a node may not be read and is left out; add credentials that may', { path });
  }

  /** Marks what differs; the rounds then read it. */
  async #compare(tree: Tree): Promise<void> {
    this.#compareAll = false;
    await findChanged(tree, this.#live(), (path) => {
      if (!this.#forbidden.has(path)) this.#pending.add(path);
    });
    this.#comparedAtMs = this.#options.clock.monotonicMs();
  }

  /** Until something is to be read, or a round is due anyhow. */
  async #untilEvent(): Promise<void> {
    if (this.#pending.size > mostPending) {
      this.#pending = new Set();
      this.#compareAll = true;
    }
    if (this.#pending.size > 0 || this.#asked || this.#compareAll || this.#restart) return;
    if (this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(idleRoundMs, resolve, { background: true });
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/** Follows an ensemble by watches over the client port; `scan` uses the one-shot watches that every version has. */
export function pollingCapture(options: PollingCaptureOptions): Capture {
  return new PollingCapture(options);
}
