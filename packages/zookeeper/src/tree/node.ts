import type { Acl } from '../protocol/acl.ts';
import type { PersistedStat } from '../protocol/stat.ts';

/** A node as a mirror holds it. */
export interface TreeNode {
  readonly path: string;
  readonly stat: PersistedStat;
  readonly acl: readonly Acl[];
  /** See {@link dataHash}; comparable between trees. */
  readonly dataHash: bigint;
  /** 0 for null. */
  readonly dataLength: number;
  /** A copy; absent where data is not retained or not asked for. */
  readonly data?: Buffer | null;
  readonly numChildren: number;
}

/** A node as a snapshot holds it. */
export interface SnapshotNode {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  readonly stat: PersistedStat;
}

export interface Session {
  readonly id: bigint;
  readonly timeoutMs: number;
}

export interface WalkOptions {
  /** Go on behind this path, which need not exist any more. */
  readonly after?: string;
  /** False spares the copies of data. */
  readonly data?: boolean;
}
