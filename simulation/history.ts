/** What happened in one run, read from the two logs afterwards: who wrote what, and what each write knew of the other side. */
import { type Conflict, createScope, decodeCursor, type Side } from '@orchestrator/sync';
import type { Txn, TxnOp } from '@orchestrator/zookeeper';
import type { ModelTree } from './model/tree.ts';

export interface SideHistory {
  readonly log: readonly Txn[];
  readonly tree: ModelTree;
  /** What went with a session, by the transaction that closed it. */
  readonly expired: ReadonlyMap<bigint, readonly string[]>;
  /** Paths that an engine asked to have set or deleted whatever their version. */
  readonly unconditional: readonly string[];
  readonly clientSessions: ReadonlySet<bigint>;
  readonly isLive: (session: bigint) => boolean;
  /** Clients' sequential nodes. */
  readonly named: readonly NamedNode[];
}

/** A sequential node: the server chose its name. */
export interface NamedNode {
  readonly path: string;
  readonly zxid: bigint;
}

export interface RunHistory {
  readonly sides: Readonly<Record<Side, SideHistory>>;
  readonly conflicts: readonly Conflict[];
  /** Paths held at the end. */
  readonly held: ReadonlySet<string>;
  /** Paths that are known not to be the same, with what differs. */
  readonly ledger: readonly { readonly path: string; readonly what: string }[];
  readonly mirrorSessions: readonly {
    readonly side: Side;
    readonly originSession: bigint;
    readonly mirrorSession: bigint;
  }[];
  readonly electionGroups: readonly string[];
  /** The engine keeps the counters of sequential nodes apart. */
  readonly isGuarded: boolean;
  /** Both sides were captured with history and it was never lost: then versions are exact too. */
  readonly isExact: boolean;
  /**
   * Each setACL was carried once: no engine was disturbed, since no multi may hold one, and no first copy made nodes with what
   * their ACL had come to.
   */
  readonly areAclsCounted: boolean;
}

/** Says what is wrong, one line each. */
export type Invariant = (history: RunHistory) => string[];

export const cursorPath = '/orchestrator-sync/m/cursor';
export const markPath = '/orchestrator-sync/m/mark';

const scope = createScope({});
export const inScope = (path: string): boolean => scope.includes(path);

/** A change of one path by a client. */
export interface ClientWrite {
  readonly side: Side;
  readonly zxid: bigint;
  readonly index: number;
  readonly path: string;
  readonly op: TxnOp & { readonly path: string };
  /** The session ended and took its node along. */
  readonly isExpiry: boolean;
  /** The ACL was so before. */
  readonly isVain: boolean;
  wentWithSession: boolean;
}

/** By path, in order. */
export function clientWrites(history: RunHistory, side: Side): Map<string, ClientWrite[]> {
  const writes = new Map<string, ClientWrite[]>();
  const { log, clientSessions, expired } = history.sides[side];
  const acls = new Map<string, string>();
  for (const [index, txn] of log.entries()) {
    const gone = expired.get(txn.zxid) ?? [];
    for (const path of gone) markGone(writes.get(path) ?? []);
    const vain = noteAcls(acls, txn);
    if (!clientSessions.has(txn.sessionId)) continue;
    const add = (op: ClientWrite['op'], isExpiry: boolean) => {
      if (!inScope(op.path)) return;
      const list = writes.get(op.path) ?? [];
      const isVain = op.kind === 'setAcl' && vain.has(op.path);
      list.push({ side, zxid: txn.zxid, index, path: op.path, op, isExpiry, isVain, wentWithSession: false });
      writes.set(op.path, list);
    };
    for (const op of txn.ops) if ('path' in op) add(op, false);
    for (const path of gone) add({ kind: 'delete', path }, true);
  }
  return writes;
}

/** Keeps the ACLs; returns the paths of those that were set to what they were. */
function noteAcls(acls: Map<string, string>, { ops }: Txn): ReadonlySet<string> {
  const vain = new Set<string>();
  for (const op of ops) {
    if (op.kind !== 'create' && op.kind !== 'setAcl') continue;
    const acl = JSON.stringify(op.acl);
    if (op.kind === 'setAcl' && acls.get(op.path) === acl) vain.add(op.path);
    acls.set(op.path, acl);
  }
  return vain;
}

/** The node was an ephemeral and has gone with its session, and with it what was written to it. */
function markGone(list: readonly ClientWrite[]): void {
  for (const write of list.toReversed()) {
    if (write.op.kind === 'delete') return;
    write.wentWithSession = true;
    if (write.op.kind === 'create') return;
  }
}

/** For each entry of the log of `side`: how far the other side's stream had been applied here by then. */
export function knownFromOtherSide(log: readonly Txn[]): bigint[] {
  let known = 0n;
  return log.map((txn) => {
    const first = txn.ops[0];
    if (first?.kind === 'setData' && first.path === cursorPath) {
      const { zxid } = decodeCursor(first.data, cursorPath);
      if (zxid > known) known = zxid;
    }
    return known;
  });
}

/** The first own write of a transaction: the cursor or the mark, with the term that it carries. */
export function termOf(txn: Txn): number | undefined {
  for (const op of txn.ops) {
    if (op.kind !== 'setData') continue;
    if (op.path === cursorPath) return decodeCursor(op.data, cursorPath).term;
    if (op.path === markPath) return Number(op.data?.toString());
  }
  return undefined;
}
