import { type Acl, nodeKind, type PersistedStat, type Session, type Txn } from '@orchestrator/zookeeper';

/** What the core reads of a node. `stat.cversion` is the persisted one: the next sequence number. */
export interface MirrorNode {
  readonly stat: PersistedStat;
  readonly acl: readonly Acl[];
  /** `dataHash` of `@orchestrator/zookeeper`: equal data, equal hash, on both sides alike. */
  readonly dataHash: bigint;
  /** Where it is known: bounds what is read at once. */
  readonly dataLength?: number;
}

/** A side as the core has seen it so far; the core alone applies transactions to it. `Tree` is one. */
export interface Mirror {
  /** The latest transaction it holds. */
  readonly zxid: bigint;
  get(path: string): MirrorNode | undefined;
  has(path: string): boolean;
  /** Paths of the children. */
  children(path: string): readonly string[];
  /** `prefix` and all below it, parents first; the tree may change between two steps. */
  walk(prefix?: string): Iterable<MirrorNode & { readonly path: string }>;
  ephemeralsOf(sessionId: bigint): readonly string[];
  sessions(): Iterable<Session>;
  /** A transaction that it holds already is passed over. */
  apply(txn: Txn): void;
}

export function sameAcl(a: readonly Acl[], b: readonly Acl[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((entry, i) => {
    const other = b[i];
    return (
      other !== undefined &&
      entry.perms === other.perms &&
      entry.scheme === other.scheme &&
      entry.id === other.id
    );
  });
}

export const isEphemeral = (owner: bigint): boolean => owner !== 0n && nodeKind(owner) === 'ephemeral';
