import type { Txn } from '../protocol/txn.ts';
import type { Session, SnapshotNode } from '../tree/node.ts';

/**
 * What an observer reports, in this order on each connection:
 *
 *   connected, (snapshot, sessions*, nodes*, snapshotEnd | diff | trunc), then txns, with synced and consistent in between,
 *   and disconnected at its end. After `trunc` the next connection brings a snapshot.
 */
export type ObserverEvent =
  | {
      readonly type: 'connected';
      /** `host:port` of the leader, or of the follower that serves observers. */
      readonly server: string;
      readonly epoch: number;
    }
  /** All that is held so far is void: the whole tree follows, as it was from `zxid` on (see {@link Tree} on fuzziness). */
  | { readonly type: 'snapshot'; readonly zxid: bigint }
  | { readonly type: 'sessions'; readonly sessions: readonly Session[] }
  | { readonly type: 'nodes'; readonly nodes: readonly SnapshotNode[] }
  | { readonly type: 'snapshotEnd'; readonly zxid: bigint }
  /** The leader goes on from where we were; it has committed up to `zxid`. */
  | { readonly type: 'diff'; readonly zxid: bigint }
  /** The leader does not know what we resumed from: our history is not its own. */
  | { readonly type: 'trunc'; readonly zxid: bigint }
  /** All that the leader had when we joined has been delivered. */
  | { readonly type: 'synced'; readonly zxid: bigint }
  /** Once transactions up to `zxid` are applied, a tree built from the last snapshot is exact. */
  | { readonly type: 'consistent'; readonly zxid: bigint }
  | {
      readonly type: 'txns';
      /** In order, without gaps within an epoch, each once. */
      readonly txns: readonly Txn[];
      /** When they came off the wire, on the clock's monotonic scale. */
      readonly arrivedAtMs: number;
    }
  | { readonly type: 'disconnected'; readonly reason: Error }
  /** No leader could be joined; tried again after `retryInMs`. */
  | { readonly type: 'unreachable'; readonly reason: Error; readonly retryInMs: number };

/** What a {@link Tree} takes of an observer's events. */
export interface MirrorTarget {
  beginSnapshot(zxid: bigint): void;
  addSession(session: Session): void;
  addNode(node: SnapshotNode): void;
  consistentFrom(zxid: bigint): void;
  apply(txn: Txn): void;
}

/** Brings `tree` up to date with one event. */
export function mirror(tree: MirrorTarget, event: ObserverEvent): void {
  switch (event.type) {
    case 'snapshot':
      tree.beginSnapshot(event.zxid);
      break;
    case 'sessions':
      for (const session of event.sessions) tree.addSession(session);
      break;
    case 'nodes':
      for (const node of event.nodes) tree.addNode(node);
      break;
    case 'consistent':
      tree.consistentFrom(event.zxid);
      break;
    case 'txns':
      for (const txn of event.txns) tree.apply(txn);
      break;
    default:
      break;
  }
}
