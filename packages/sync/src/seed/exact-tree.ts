/** An ensemble's whole tree at one exact transaction, proven by the servers' own digest where they have one. */
import { type Clock, type Random, sleep } from '@orchestrator/runtime';
import { connect, createTree, mirror, observe, type Tree } from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';
import { reasonOf, SyncError } from '../errors.ts';

export interface ExactTreeOptions {
  readonly ensemble: ReachableEnsemble;
  readonly folder: string;
  readonly maxNodesInMemory: number;
  /** Servers of 3.6 and later tell the digest with each transaction. */
  readonly expectsDigest: boolean;
  readonly onNodes: (nodes: number) => void;
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** How long the leader may keep us waiting altogether before the first byte, and for the proof after the last. */
const joinTimeoutMs = 30_000;
const proofTimeoutMs = 20_000;
/** A digest that does not agree is a defect of somebody's; a second snapshot shows whether it was chance. */
const attempts = 3;

/** Throws `NoObserver`, `Unproven`, or the signal's reason. The caller closes the tree. */
export async function readExactTree(options: ExactTreeOptions): Promise<Tree> {
  for (let attempt = 1; ; attempt++) {
    const tree = createTree({
      folder: options.folder,
      maxNodesInMemory: options.maxNodesInMemory,
      retainData: true,
    });
    try {
      await fill(tree, options);
      await tree.flush();
    } catch (error) {
      tree.close();
      throw error;
    }
    if (tree.state !== 'mismatch') return tree;
    tree.close();
    if (attempt === attempts) {
      throw new SyncError(
        'Unproven',
        `${options.ensemble.name}: ${attempts} snapshots in a row did not have the digest that the servers count. ` +
          'Compare zk_digest_mismatches_count of the servers; copy into a running target instead',
      );
    }
  }
}

async function fill(tree: Tree, options: ExactTreeOptions): Promise<void> {
  const { ensemble, clock, signal } = options;
  const observer = observe({
    ...ensemble.observer,
    servers: ensemble.quorumServers,
    spool: { folder: options.folder },
  });
  const abort = () => observer.close();
  signal?.addEventListener('abort', abort, { once: true });
  let problem = 'no leader answered';
  let timer = clock.after(joinTimeoutMs, abort);
  let isProving = false;
  try {
    for await (const event of observer) {
      if (event.type === 'connected') timer.cancel();
      if (event.type === 'unreachable' || event.type === 'disconnected') problem = reasonOf(event.reason);
      mirror(tree, event);
      if (event.type === 'nodes') options.onNodes(tree.size);
      if (tree.state === 'verified' || tree.state === 'mismatch') return;
      if (tree.state !== 'consistent' || tree.zxid === 0n) continue;
      if (!options.expectsDigest) return;
      if (isProving) continue;
      isProving = true;
      timer.cancel();
      timer = clock.after(proofTimeoutMs, abort);
      void provokeTransactions(options, () => isProving);
    }
  } finally {
    isProving = false;
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
  signal?.throwIfAborted();
  if (tree.state === 'consistent') return; // digest.enabled=false: exact all the same, if not proven
  throw new SyncError(
    'NoObserver',
    `${ensemble.name}: no snapshot could be read over the quorum port: ${problem}. ` +
      'Open the quorum port to this host, or start the target empty and let the engine copy into it',
  );
}

/** An idle ensemble has no transaction that would bring a digest; a session that opens and closes makes two. */
async function provokeTransactions(options: ExactTreeOptions, isNeeded: () => boolean): Promise<void> {
  while (isNeeded() && options.signal?.aborted !== true) {
    try {
      const client = await connect({ ...options.ensemble.client, readyTimeoutMs: 5_000 });
      await client.close();
    } catch {
      // Unreachable client ports only mean that the proof waits for somebody else's transaction.
    }
    await sleep(options.clock, 500);
  }
}
