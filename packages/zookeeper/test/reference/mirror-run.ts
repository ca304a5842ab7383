import { waitFor } from '@orchestrator/testing';
import { mirror, type ObserverEvent } from '../../src/learner/events.ts';
import { type Observer, observe } from '../../src/learner/observer.ts';
import type { ObserverOptions } from '../../src/learner/observer-options.ts';
import { epochOf, formatZxid } from '../../src/protocol/zxid.ts';
import { type CreateTreeOptions, createTree, type Tree } from '../../src/tree/tree.ts';

/** Quorum addresses of an ensemble's servers. */
export function quorumAddresses(ensemble: {
  servers: readonly { host: string; quorumPort: number }[];
}): string[] {
  return ensemble.servers.map((server) => `${server.host}:${server.quorumPort}`);
}

/**
 * An observer at work on a tree, that checks what must always hold: zxids rise without gaps within an epoch, and no digest
 * ever differs once the fuzzy window has passed.
 */
export class MirrorRun implements AsyncDisposable {
  readonly observer: Observer;
  readonly tree: Tree;
  /** Kinds of events so far, bulk ones left out. */
  readonly story: string[] = [];
  readonly reasons: Error[] = [];
  readonly zxids: bigint[] = [];
  /** Transactions after which the digest was confirmed. */
  verified = 0;
  readonly #end: Promise<void>;
  #failure: unknown;

  constructor(options: ObserverOptions, treeOptions: CreateTreeOptions = {}) {
    this.observer = observe(options);
    this.tree = createTree(treeOptions);
    this.#end = this.#consume().catch((error) => {
      this.#failure = error;
    });
  }

  async #consume(): Promise<void> {
    for await (const event of this.observer) {
      if (event.type === 'txns') this.#applyAll(event);
      else mirror(this.tree, event);
      if (event.type === 'disconnected' || event.type === 'unreachable') this.reasons.push(event.reason);
      if (event.type !== 'txns' && event.type !== 'nodes' && event.type !== 'sessions')
        this.story.push(event.type);
    }
  }

  #applyAll(event: ObserverEvent & { type: 'txns' }): void {
    for (const txn of event.txns) {
      const last = this.zxids.at(-1);
      if (last !== undefined && txn.zxid !== last + 1n && epochOf(txn.zxid) <= epochOf(last)) {
        throw new Error(`${formatZxid(txn.zxid)} came after ${formatZxid(last)}`);
      }
      this.zxids.push(txn.zxid);
      this.tree.apply(txn);
      if (this.tree.state === 'verified' && txn.digest !== undefined) this.verified++;
      if (this.tree.state === 'mismatch') {
        throw new Error(`digest differs after ${formatZxid(txn.zxid)}: ${JSON.stringify(txn.ops)}`);
      }
    }
  }

  async until(what: string, condition: () => boolean, timeoutMs = 60_000): Promise<void> {
    await waitFor(() => (this.#failure !== undefined || condition() ? true : undefined), {
      what: `${what} (${this.story.join(' ')})`,
      timeoutMs,
      intervalMs: 5,
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Until the tree holds everything up to `zxid` and is exact. */
  async reached(zxid: bigint): Promise<void> {
    await this.until(`zxid ${formatZxid(zxid)}`, () => this.tree.zxid >= zxid && this.tree.state !== 'fuzzy');
  }

  async stop(): Promise<void> {
    this.observer.close();
    await this.#end;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.observer.close();
    await this.#end;
    this.tree.close();
  }
}
