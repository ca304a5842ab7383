/**
 * A mirror of an ensemble's tree: a snapshot, then every transaction, applied as the servers apply them.
 *
 * Replays are harmless. A snapshot is fuzzy - it may hold effects of transactions that arrive again - so a create of what
 * exists raises the parent's counters only, a delete of what is gone still counts for the parent, and counters never fall.
 */
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { openAcl } from '../protocol/acl.ts';
import type { Txn, TxnOp } from '../protocol/txn.ts';
import { AclTable } from './acl-table.ts';
import { hashAsBigint } from './data-hash.ts';
import type { DigestMismatch, MirrorState } from './digest.ts';
import { EphemeralIndex } from './ephemerals.ts';
import { MirrorProof } from './mirror-proof.ts';
import type { Session, SnapshotNode, TreeNode, WalkOptions } from './node.ts';
import { NodeStore, type NodeStoreOptions } from './node-store.ts';
import { column } from './node-table.ts';
import { NodeWriter } from './node-writer.ts';
import { isWithin } from './path.ts';

export class Tree {
  readonly #store: NodeStore;
  readonly #acls = new AclTable();
  readonly #ephemerals = new EphemeralIndex();
  readonly #proof = new MirrorProof();
  readonly #sessions = new Map<bigint, number>();
  readonly #writer: NodeWriter;
  #zxid = 0n;

  constructor(options: NodeStoreOptions) {
    this.#store = new NodeStore(options);
    this.#writer = new NodeWriter({
      store: this.#store,
      acls: this.#acls,
      ephemerals: this.#ephemerals,
      proof: this.#proof,
    });
    this.clear();
  }

  /** Nodes, the root and those under `/zookeeper` included. */
  get size(): number {
    return this.#store.size;
  }

  /** The latest transaction that the tree holds. */
  get zxid(): bigint {
    return this.#zxid;
  }

  /** As servers of 3.6 and later count it. */
  get digest(): bigint {
    return this.#proof.digest;
  }

  get state(): MirrorState {
    return this.#proof.state;
  }

  /** The first transaction after which the tree differed from the servers'; set once `state` is `mismatch`. */
  get mismatch(): DigestMismatch | undefined {
    return this.#proof.mismatch;
  }

  /** Whether nodes have moved to a file. */
  get onDisk(): boolean {
    return this.#store.onDisk;
  }

  /** Back to a tree of one root. */
  clear(): void {
    this.#begin('consistent', 0n);
  }

  /** Starts over with what a snapshot taken from `zxid` on will bring. */
  beginSnapshot(zxid: bigint): void {
    this.#begin('fuzzy', zxid);
  }

  addSession(session: Session): void {
    this.#sessions.set(session.id, session.timeoutMs);
  }

  /** Parents come before their children; one without a parent is refused, as servers do. */
  addNode(node: SnapshotNode): void {
    this.#writer.put(node);
    this.#store.settle();
  }

  /** Every transaction up to `zxid` is needed before the tree is exact: the end of a snapshot's fuzzy window. */
  consistentFrom(zxid: bigint): void {
    this.#proof.consistentFrom(zxid, this.#zxid);
  }

  /**
   * Applies one transaction; one that the tree holds already is passed over. Afterwards `state` says whether the servers'
   * digest agrees.
   */
  apply(txn: Txn): void {
    if (txn.zxid <= this.#zxid) return;
    for (const op of txn.ops) this.#applyOp(op, txn);
    this.#zxid = txn.zxid;
    this.#proof.reached(txn.zxid, txn.digest);
    this.#store.settle();
  }

  /** `data: false` spares the copy. */
  get(path: string, options?: { readonly data?: boolean }): TreeNode | undefined {
    const slot = this.#store.find(path);
    if (slot === -1) return undefined;
    const node = this.#read(slot, path, options?.data !== false);
    this.#store.settle();
    return node;
  }

  has(path: string): boolean {
    const found = this.#store.find(path) !== -1;
    this.#store.settle();
    return found;
  }

  /** Paths of the children, by name; none for a node that is not there. */
  children(path: string): readonly string[] {
    const slot = this.#store.find(path);
    const children = slot === -1 ? [] : this.#store.listChildren(path, slot);
    this.#store.settle();
    return children;
  }

  /**
   * `prefix` and all below it, parents first, siblings by name. Stop at any time and go on later from the last path seen
   * (`after`). Between two steps the tree may change: nodes removed meanwhile are passed over, new ones may be missed.
   */
  *walk(prefix = '/', options?: WalkOptions): Generator<TreeNode> {
    const after = options?.after;
    if (after === undefined) {
      const first = this.get(prefix, options);
      if (first !== undefined) yield first;
    }
    const from = after !== undefined && isWithin(after, prefix) ? after : undefined;
    for (const path of this.#store.pathsBelow(prefix, from)) {
      const node = this.get(path, options);
      if (node !== undefined) yield node;
    }
  }

  /**
   * Brings the file, if there is one, up to date in pieces, others having their turn in between. A walk needs it so and would
   * otherwise do it in one go: seconds after a large snapshot that has just outgrown memory.
   */
  async flush(): Promise<void> {
    while (this.#store.flushSome()) await setImmediate();
  }

  /** Paths of the ephemeral nodes of a session. */
  ephemeralsOf(sessionId: bigint): readonly string[] {
    return this.#ephemerals.of(sessionId);
  }

  *sessions(): Generator<Session> {
    for (const [id, timeoutMs] of this.#sessions) yield { id, timeoutMs };
  }

  /** Frees the memory and removes the file. */
  close(): void {
    this.clear();
  }

  #begin(state: 'fuzzy' | 'consistent', zxid: bigint): void {
    this.#store.clear();
    this.#acls.clear();
    this.#ephemerals.clear();
    this.#sessions.clear();
    this.#proof.begin(state);
    this.#zxid = zxid;
    this.#writer.addRoot(openAcl);
  }

  #read(slot: number, path: string, copiesData: boolean): TreeNode {
    const { table } = this.#store;
    const data = copiesData ? this.#store.data(slot) : undefined;
    const node = {
      path,
      stat: table.readStat(slot),
      acl: this.#acls.get(table.integer(slot, column.aclId)),
      dataHash: hashAsBigint(table.integer(slot, column.hashHigh), table.integer(slot, column.hashLow)),
      dataLength: Math.max(0, table.integer(slot, column.dataLength)),
      numChildren: table.integer(slot, column.numChildren),
    };
    return data === undefined ? node : { ...node, data };
  }

  #applyOp(op: TxnOp, txn: Txn): void {
    switch (op.kind) {
      case 'setData':
        this.#writer.setData(op.path, op.data, op.version, txn);
        break;
      case 'create':
        this.#writer.create(op, txn);
        break;
      case 'delete':
        this.#writer.delete(op.path, txn.zxid);
        break;
      case 'setAcl':
        this.#writer.setAcl(op.path, op.acl, op.aversion);
        break;
      case 'createSession':
        this.#sessions.set(txn.sessionId, op.timeoutMs);
        break;
      case 'closeSession':
        for (const path of op.paths ?? []) this.#writer.delete(path, txn.zxid);
        for (const path of this.#ephemerals.of(txn.sessionId)) this.#writer.delete(path, txn.zxid);
        this.#sessions.delete(txn.sessionId);
        break;
      case 'none':
        break;
    }
  }
}

export interface CreateTreeOptions {
  /** Nodes over this go to a file. Default 2,000,000, which take about 700 MB without data. */
  readonly maxNodesInMemory?: number;
  /** Folder for that file; default the system's for temporary files. */
  readonly folder?: string;
  /** Keep the nodes' data, not just hashes. Default false. */
  readonly retainData?: boolean;
}

export function createTree(options: CreateTreeOptions = {}): Tree {
  return new Tree({
    maxNodesInMemory: options.maxNodesInMemory ?? 2_000_000,
    folder: options.folder ?? tmpdir(),
    retainData: options.retainData ?? false,
  });
}
