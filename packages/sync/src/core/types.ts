/**
 * The words between the core, which decides, and the shell, which acts. The core never waits, reads a clock or touches a
 * socket: `core.handle(event)` returns the actions to take, in order.
 */
import type { Acl, Txn } from '@orchestrator/zookeeper';

/** `source` is ensemble A, `target` ensemble B. Changes travel both ways; the names say which wins a tie. */
export type Side = 'source' | 'target';

export const otherSide = (side: Side): Side => (side === 'source' ? 'target' : 'source');

export type ConflictStrategy = 'last-write-wins' | 'source-wins' | 'manual';

/** What of a node is compared, shown in conflicts and audited. */
export interface NodeValue {
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  readonly version: number;
  readonly aversion: number;
  readonly mzxid: bigint;
  readonly timeMs: number;
}

export type ConflictDecision = Side | 'held';

export interface Conflict {
  /** The same conflict gets the same id again after a crash: path and both zxids. */
  readonly id: string;
  readonly path: string;
  /** `null`: deleted, or not there. */
  readonly source: NodeValue | null;
  readonly target: NodeValue | null;
  readonly strategy: ConflictStrategy;
  readonly decision: ConflictDecision;
  readonly reason: string;
}

/** One write to a side, in the order given; versions are what the core expects to find. */
export type WriteOp =
  | {
      readonly kind: 'create';
      readonly path: string;
      readonly data: Buffer | null;
      readonly acl: readonly Acl[];
      readonly mode: 'persistent' | 'container' | 'ttl';
      readonly ttlMs?: number;
    }
  | {
      readonly kind: 'setData';
      readonly path: string;
      readonly data: Buffer | null;
      readonly version: number;
    }
  /**
   * Servers refuse setACL inside a multi. The shell cuts a batch that holds one into parts, in order - `{check cursor, set
   * mark, ops…}`, setACL, …, `{set cursor, ops…}` - so the cursor moves with the last part; each is an echo (the shell adds
   * a write of an own znode to the setACL's transaction in the stream). When such a batch fails, earlier parts may be there.
   */
  | {
      readonly kind: 'setAcl';
      readonly path: string;
      readonly acl: readonly Acl[];
      readonly aversion: number;
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number };

/** The cursor of one direction, as kept in its znode on the side written to. */
export interface Cursor {
  /** The engine's fencing term; a higher one deposes the writer. */
  readonly term: number;
  /** The last transaction of the other side's stream whose effects are here. */
  readonly zxid: bigint;
  /** The last transaction of this side's own stream that needed nothing more to be done on the other side. */
  readonly seenZxid: bigint;
}

export interface EphemeralCreate {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  /** The session on the origin side that owns the original. */
  readonly originSession: bigint;
}

/** A session we hold on `side` for a client's session on the other. */
export interface MirrorSession {
  readonly side: Side;
  readonly originSession: bigint;
  readonly mirrorSession: bigint;
}

export type Action =
  /**
   * One multi to `side`: first the cursor at `cursorVersion`, then `ops`. Multis of one side are sent in the order
   * given and may be in flight together. Answered by `applied` or `applyFailed`, or, after a lost connection,
   * by whichever of them the cursor znode proves.
   */
  | {
      readonly kind: 'apply';
      readonly side: Side;
      readonly batch: number;
      readonly cursor: Cursor;
      readonly cursorVersion: number;
      readonly ops: readonly WriteOp[];
    }
  /** Create in the mirror session of each origin session (opened first where there is none). Answered by `ephemeralsApplied`. */
  | {
      readonly kind: 'applyEphemerals';
      readonly side: Side;
      readonly batch: number;
      readonly creates: readonly EphemeralCreate[];
    }
  /** The origin session is gone and its copies are deleted: end the mirror session. Not answered. */
  | { readonly kind: 'closeMirrorSession'; readonly side: Side; readonly originSession: bigint }
  /** To the store, before any later `apply`. Answered by `conflictRecorded`. */
  | { readonly kind: 'recordConflict'; readonly conflict: Conflict }
  /** Read the present data of these paths (the mirrors keep hashes only). Answered by `values`. */
  | {
      readonly kind: 'read';
      readonly side: Side;
      readonly request: number;
      readonly paths: readonly string[];
    }
  /** Something a report must show: what could not be carried, and why. */
  | { readonly kind: 'ledger'; readonly path: string; readonly what: string; readonly why: string }
  /** A transaction of `from` with client changes has been committed on the other side. */
  | {
      readonly kind: 'synced';
      readonly from: Side;
      readonly changes: number;
      /** Arrival of the echo less arrival of the change, on our own monotonic clock. */
      readonly lagMs: number;
      /** Commit of the copy less commit of the original, by the two leaders' clocks. */
      readonly commitLagMs: number;
    }
  /** The engine cannot go on as leader: the cursor carries a higher term. */
  | { readonly kind: 'deposed'; readonly term: number };

export type Event =
  | { readonly kind: 'txns'; readonly side: Side; readonly txns: readonly Txn[]; readonly arrivedMs: number }
  | { readonly kind: 'applied'; readonly side: Side; readonly batch: number; readonly zxid: bigint }
  | {
      readonly kind: 'applyFailed';
      readonly side: Side;
      readonly batch: number;
      /** 0 is the cursor itself; n is `ops[n - 1]`. */
      readonly index: number;
      readonly code: string;
      /** Of the failed request: once the side's stream has passed it, the mirror shows the cause. */
      readonly zxid: bigint;
    }
  | {
      readonly kind: 'ephemeralsApplied';
      readonly side: Side;
      readonly batch: number;
      readonly zxid: bigint;
      /** Paths that could not be created, with the server's code. */
      readonly failed: readonly { readonly path: string; readonly code: string }[];
    }
  | { readonly kind: 'mirrorSessionOpened'; readonly session: MirrorSession }
  | { readonly kind: 'mirrorSessionLost'; readonly session: MirrorSession }
  | { readonly kind: 'conflictRecorded'; readonly id: string }
  | {
      readonly kind: 'values';
      readonly request: number;
      /** `null`: not there. */
      readonly values: ReadonlyMap<string, NodeValue | null>;
    }
  | { readonly kind: 'resolve'; readonly path: string; readonly winner: Side }
  /** Compare these subtrees again and repair, as after a verification that found differences. */
  | { readonly kind: 'reconcile'; readonly paths: readonly string[] }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Now and then: lets an idle direction's cursor follow. */
  | { readonly kind: 'tick' };
