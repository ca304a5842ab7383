/**
 * A transaction as the leader committed it, in one shape for 3.4 to 3.9. Every way of capture yields this; the sync engine
 * plans on it.
 */
import type { Acl } from './acl.ts';

export interface CreateOp {
  readonly kind: 'create';
  /** Final: a sequence suffix is already part of it. */
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  /** 0 persistent; a session's id; or the server's marks for container and TTL nodes (see `nodeKind`). */
  readonly ephemeralOwner: bigint;
  /** The parent's persisted cversion after this create; -1 where the log does not say. */
  readonly parentCversion: number;
}

export interface DeleteOp {
  readonly kind: 'delete';
  readonly path: string;
}

export interface SetDataOp {
  readonly kind: 'setData';
  readonly path: string;
  readonly data: Buffer | null;
  /** The version after the change. */
  readonly version: number;
}

export interface SetAclOp {
  readonly kind: 'setAcl';
  readonly path: string;
  readonly acl: readonly Acl[];
  /** The aversion after the change. */
  readonly aversion: number;
}

export interface CreateSessionOp {
  readonly kind: 'createSession';
  readonly timeoutMs: number;
}

export interface CloseSessionOp {
  readonly kind: 'closeSession';
  /** The ephemerals that go with it; `null` where the server leaves that to each tree (3.4, 3.5). */
  readonly paths: readonly string[] | null;
}

/** Takes a zxid and changes nothing: a failed write, or a check. */
export interface NoOp {
  readonly kind: 'none';
  /** ZooKeeper's code of the failure; absent for a check. */
  readonly error?: number;
}

export type TxnOp = CreateOp | DeleteOp | SetDataOp | SetAclOp | CreateSessionOp | CloseSessionOp | NoOp;

export interface Txn {
  readonly zxid: bigint;
  readonly sessionId: bigint;
  /** The request's number within its session. */
  readonly cxid: number;
  /** The leader's clock, milliseconds since 1970. */
  readonly timeMs: number;
  /** One op, or those of a multi in order: all of them took effect or none (then `none`). */
  readonly ops: readonly TxnOp[];
  /** The whole tree's digest after this transaction (3.6 and later). */
  readonly digest?: bigint;
}
