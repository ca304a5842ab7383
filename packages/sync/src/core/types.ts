/**
 * The words between the core, which decides, and the shell, which acts. The core never waits, reads a clock or touches a
 * socket: `core.handle(event)` returns the actions to take, in order.
 *
 * A run begins with `readCursor` for both sides (the answer to the event `start`): the core claims both cursors with its
 * term, waits until both streams have passed the claims, and goes on from there.
 */
import type { Acl, Txn } from '@orchestrator/zookeeper';
import type { Mirror } from './mirror.ts';

/** `source` is ensemble A, `target` ensemble B. Changes travel both ways; the names say which wins a tie. */
export type Side = 'source' | 'target';

export const otherSide = (side: Side): Side => (side === 'source' ? 'target' : 'source');

/** The later of two zxids. */
export const later = (a: bigint, b: bigint): bigint => {
  if (a > b) return a;
  return b;
};

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

/** One op of a multi, in the order given; versions are what the core expects to find. No multi may hold a setACL: see `applyAcl`. */
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
  | { readonly kind: 'delete'; readonly path: string; readonly version: number }
  /** Nothing is done unless the node has this version. */
  | { readonly kind: 'check'; readonly path: string; readonly version: number };

/** The cursor of one direction, as kept in its znode on the side written to. */
export interface Cursor {
  /** The engine's fencing term; a higher one deposes the writer. */
  readonly term: number;
  /** The multi that wrote it, a number of its own within the term: so whoever reads it knows which were applied. 0: none yet. */
  readonly multi: number;
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

/** A session we hold on `side` for a client's session on the other; several of these may share one. */
export interface MirrorSession {
  readonly side: Side;
  readonly originSession: bigint;
  readonly mirrorSession: bigint;
}

/** A path whose changes one side refuses; they stay on the other until it is reconciled. */
export interface Blocked {
  /** The side that refuses. */
  readonly side: Side;
  readonly path: string;
  /** The server's code, or `TooLarge`. */
  readonly code: string;
  readonly remedy: string;
}

export type Action =
  /**
   * One multi to `side`: first the cursor at `cursorVersion`, then `ops`. Multis of one side are sent in the order given
   * and may be in flight together. Answered by `applied`, `applyFailed` or `applyUnknown`. The first of `ops` checks the
   * fence: with several multis on their way, a successor's claim may bring the cursor to just the version that a later one
   * of them expects.
   */
  | {
      readonly kind: 'apply';
      readonly side: Side;
      readonly batch: number;
      readonly cursor: Cursor;
      readonly cursorVersion: number;
      readonly ops: readonly WriteOp[];
    }
  /**
   * Servers refuse setACL inside a multi. The core waits until nothing else of this side is in flight, then asks for this
   * alone: a multi that checks the fence at `fenceVersion` and writes the mark and, once that has succeeded, the setACL at
   * `aversion`. Answered like `apply`; index 0 is the multi, 1 the setACL.
   */
  | {
      readonly kind: 'applyAcl';
      readonly side: Side;
      readonly batch: number;
      readonly fenceVersion: number;
      readonly path: string;
      readonly acl: readonly Acl[];
      readonly aversion: number;
    }
  /** Read the cursor's data and version and the fence's version, over a live session. Answered by `cursorRead`. */
  | { readonly kind: 'readCursor'; readonly side: Side }
  /**
   * Create each in the mirror session of its origin session (opened and stored first where there is none), each in a
   * multi of its own: check the fence at `fenceVersion`, write the mark, create. A node that is there and owned by our
   * mirror session counts as created. Answered by one `ephemeralsApplied` for all of them.
   */
  | {
      readonly kind: 'applyEphemerals';
      readonly side: Side;
      readonly batch: number;
      readonly fenceVersion: number;
      readonly creates: readonly EphemeralCreate[];
    }
  /** The origin session is gone and so are its copies: end its mirror session once nobody needs that. Not answered. */
  | { readonly kind: 'closeMirrorSession'; readonly side: Side; readonly originSession: bigint }
  /** To the store. Answered by `conflictRecorded`. */
  | { readonly kind: 'recordConflict'; readonly conflict: Conflict }
  /** What these conflicts were decided for is on both sides: a restart need not look at them. Not answered. */
  | { readonly kind: 'carriedOut'; readonly path: string; readonly ids: readonly string[] }
  /** To the store. Answered by `blockedRecorded`. */
  | { readonly kind: 'recordBlocked'; readonly blocked: Blocked }
  /** The path is in step again: forget its `Blocked`. Not answered. */
  | { readonly kind: 'unblocked'; readonly side: Side; readonly path: string }
  /** The held path has been settled as the operator chose: no longer held. Until then a restart posts `resolve` again. Not answered. */
  | { readonly kind: 'released'; readonly path: string }
  /** Read the present data of these paths (the mirrors keep hashes only). Answered by `values`. */
  | {
      readonly kind: 'read';
      readonly side: Side;
      readonly request: number;
      readonly paths: readonly string[];
    }
  /**
   * A write to `side` has failed at `zxid`, and before planning again the mirror must hold what was there then. A stream
   * with history passes that zxid by itself: nothing to do. Other captures read `paths` again (and tell of changes), then
   * answer with `progress`.
   */
  | {
      readonly kind: 'refresh';
      readonly side: Side;
      readonly zxid: bigint;
      readonly paths: readonly string[];
    }
  /** Something a report must show: what could not be carried, and why. */
  | { readonly kind: 'ledger'; readonly path: string; readonly what: string; readonly why: string }
  /** Transactions of `from` with client changes have been committed on the other side; lags are one a transaction. */
  | {
      readonly kind: 'synced';
      readonly from: Side;
      readonly changes: number;
      /** Arrival of the echo less arrival of the change, on our own monotonic clock. */
      readonly lagMs: readonly number[];
      /** Commit of the copy less commit of the original, by the two leaders' clocks. */
      readonly commitLagMs: readonly number[];
    }
  /** `on`: more than `maxBacklog` changes of this side wait in memory; stop handing in its transactions until `off`. */
  | { readonly kind: 'pressure'; readonly side: Side; readonly on: boolean }
  /** There is more to do, which was cut in slices so as not to hold up the event loop: post `proceed` soon. */
  | { readonly kind: 'proceed' }
  | { readonly kind: 'state'; readonly state: CoreState }
  /** The engine cannot go on as leader: the cursor carries a higher term. Nothing is sent any more. */
  | { readonly kind: 'deposed'; readonly term: number }
  /** All that `finish` asked for is gone from both sides. */
  | { readonly kind: 'finished' };

/**
 * `claiming`: the term is written to both sides; `copying`: the first copy or a comparison of both trees is going on;
 * `syncing`: the steady stream.
 */
export type CoreState = 'idle' | 'claiming' | 'copying' | 'syncing' | 'paused' | 'deposed';

export type Event =
  | { readonly kind: 'start' }
  /** In order; the core applies them to the mirror it was given, nobody else does. */
  | { readonly kind: 'txns'; readonly side: Side; readonly txns: readonly Txn[]; readonly arrivedMs: number }
  /**
   * All changes up to `zxid` have been handed in. Needed from captures without history, and from an observer when the end
   * of its stream moves without a transaction (a new epoch).
   */
  | {
      readonly kind: 'progress';
      readonly side: Side;
      readonly zxid: bigint;
      /** The mirror's zxid when a capture without history compared what it had read with it. Default: as the mirror is now. */
      readonly knew?: bigint;
    }
  /** The stream had a gap: `mirror` is the side as it is now and takes the place of the one before. */
  | { readonly kind: 'snapshot'; readonly side: Side; readonly mirror: Mirror }
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
  /** The connection was lost before the answer. */
  | { readonly kind: 'applyUnknown'; readonly side: Side; readonly batch: number }
  | {
      readonly kind: 'cursorRead';
      readonly side: Side;
      readonly cursor: Cursor;
      readonly version: number;
      readonly fenceVersion: number;
      /** The cursor's mzxid. */
      readonly zxid: bigint;
    }
  | {
      readonly kind: 'ephemeralsApplied';
      readonly side: Side;
      readonly batch: number;
      /** The highest zxid of the answers. */
      readonly zxid: bigint;
      /** Paths that could not be created, with the server's code (`SessionExpired` when the mirror session is gone). */
      readonly failed: readonly { readonly path: string; readonly code: string }[];
    }
  /** Before the session's first write, and in the store by then: what it writes is ours (a setACL carries no mark). */
  | { readonly kind: 'sessionOpened'; readonly side: Side; readonly sessionId: bigint }
  /** Before the first copy in it in this run, and in the store by then. */
  | { readonly kind: 'mirrorSessionOpened'; readonly session: MirrorSession }
  | { readonly kind: 'mirrorSessionLost'; readonly session: MirrorSession }
  | { readonly kind: 'conflictRecorded'; readonly id: string }
  | { readonly kind: 'blockedRecorded'; readonly side: Side; readonly path: string }
  | {
      readonly kind: 'values';
      readonly request: number;
      /** `null`: not there. A path that is missing could not be read: its code is in `failed`. */
      readonly values: ReadonlyMap<string, NodeValue | null>;
      readonly failed?: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'resolve'; readonly path: string; readonly winner: Side }
  /** Compare these subtrees again and repair, as after a verification that found differences. */
  | { readonly kind: 'reconcile'; readonly paths: readonly string[] }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Now and then: lets an idle direction's cursor follow. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'proceed' }
  /** Remove the copies of election groups from both sides, for good. */
  | { readonly kind: 'finish' };
