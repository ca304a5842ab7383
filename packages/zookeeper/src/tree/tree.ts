/**
 * A mirror of an ensemble's tree: a snapshot, then every transaction, applied as the servers apply them.
 *
 * Replays are harmless. A snapshot is fuzzy - it may hold effects of transactions that arrive again - so a create of what
 * exists raises the parent's counters only, a delete of what is gone still counts for the parent, and counters never fall.
 */
import { tmpdir } from 'node:os';
import { type Acl, openAcl } from '../protocol/acl.ts';
import { parentPath } from '../protocol/path.ts';
import type { PersistedStat } from '../protocol/stat.ts';
import type { CreateOp, Txn, TxnOp } from '../protocol/txn.ts';
import { AclTable } from './acl-table.ts';
import { crc32OfPath, extendCrc32, extendCrc32OfWords } from './crc32.ts';
import { hashAsBigint, hashData } from './data-hash.ts';
import { type DigestMismatch, DigestSum, type MirrorState } from './digest.ts';
import { EphemeralIndex } from './ephemerals.ts';
import { undigestedPrefix } from './node-digest.ts';
import { NodeStore, type NodeStoreOptions } from './node-store.ts';
import { column, statBytes, statOffset } from './node-table.ts';
import { isWithin } from './path.ts';

export interface TreeNode {
  readonly path: string;
  readonly stat: PersistedStat;
  readonly acl: readonly Acl[];
  /** See {@link dataHash}; comparable between trees. */
  readonly dataHash: bigint;
  /** 0 for null. */
  readonly dataLength: number;
  /** A copy; absent where data is not retained. */
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

export interface WalkOptions {
  /** Go on behind this path, which need not exist any more. */
  readonly after?: string;
  /** False spares the copies of data. */
  readonly data?: boolean;
}

export interface Session {
  readonly id: bigint;
  readonly timeoutMs: number;
}

export class Tree {
  readonly #store: NodeStore;
  readonly #acls = new AclTable();
  readonly #ephemerals = new EphemeralIndex();
  readonly #sessions = new Map<bigint, number>();
  readonly #digest = new DigestSum();
  #zxid = 0n;
  #state: MirrorState = 'consistent';
  #consistentFrom: bigint | undefined;
  #mismatch: DigestMismatch | undefined;

  constructor(options: NodeStoreOptions) {
    this.#store = new NodeStore(options);
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

  /** As the servers of 3.6 and later count it. */
  get digest(): bigint {
    return this.#digest.value;
  }

  get state(): MirrorState {
    return this.#state;
  }

  /** The first transaction after which the tree differed from the server's; set once `state` is `mismatch`. */
  get mismatch(): DigestMismatch | undefined {
    return this.#mismatch;
  }

  /** Whether nodes have moved to a file. */
  get onDisk(): boolean {
    return this.#store.onDisk;
  }

  /** Back to a tree of one root. */
  clear(): void {
    this.#store.clear();
    this.#acls.clear();
    this.#ephemerals.clear();
    this.#sessions.clear();
    this.#digest.clear();
    this.#zxid = 0n;
    this.#state = 'consistent';
    this.#consistentFrom = undefined;
    this.#mismatch = undefined;
    const root = this.#store.add('/', -1);
    this.#describe(root, '/', null, openAcl);
    this.#recount(root, '/');
  }

  /** Starts over with what a snapshot taken from `zxid` on will bring. */
  beginSnapshot(zxid: bigint): void {
    this.clear();
    this.#zxid = zxid;
    this.#state = 'fuzzy';
  }

  addSession(session: Session): void {
    this.#sessions.set(session.id, session.timeoutMs);
  }

  /** Parents come before their children; one without a parent is refused, as servers do. */
  addNode(node: SnapshotNode): void {
    const { path, stat } = node;
    let slot = this.#store.find(path);
    if (slot === -1) {
      const parent = this.#store.find(parentPath(path));
      if (parent === -1) throw new RangeError(`snapshot holds ${path} but not its parent`);
      slot = this.#store.add(path, parent);
    }
    this.#store.table.writeStat(slot, stat);
    this.#describe(slot, path, node.data, node.acl);
    this.#recount(slot, path);
    this.#ephemerals.add(stat.ephemeralOwner, path);
    this.#store.settle();
  }

  /** Every transaction up to `zxid` is needed before the tree is exact: the end of a snapshot's fuzzy window. */
  consistentFrom(zxid: bigint): void {
    this.#consistentFrom ??= zxid;
    this.#endWindow();
  }

  /**
   * Applies one transaction; one that the tree holds already is passed over. Afterwards `state` says whether the server's
   * digest agrees.
   */
  apply(txn: Txn): void {
    if (txn.zxid <= this.#zxid) return;
    for (const op of txn.ops) this.#applyOp(op, txn);
    this.#zxid = txn.zxid;
    if (txn.digest !== undefined) this.#verify(txn.zxid, txn.digest);
    if (this.#state === 'fuzzy') this.#endWindow();
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
    return this.#store.find(path) !== -1;
  }

  /** Paths of the children, by name; none for a node that is not there. */
  children(path: string): readonly string[] {
    const slot = this.#store.find(path);
    return slot === -1 ? [] : this.#store.listChildren(path, slot);
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
        this.#setData(op.path, op.data, op.version, txn);
        break;
      case 'create':
        this.#create(op, txn);
        break;
      case 'delete':
        this.#delete(op.path, txn.zxid);
        break;
      case 'setAcl':
        this.#setAcl(op.path, op.acl, op.aversion);
        break;
      case 'createSession':
        this.#sessions.set(txn.sessionId, op.timeoutMs);
        break;
      case 'closeSession':
        for (const path of op.paths ?? []) this.#delete(path, txn.zxid);
        for (const path of this.#ephemerals.of(txn.sessionId)) this.#delete(path, txn.zxid);
        this.#sessions.delete(txn.sessionId);
        break;
      case 'none':
        break;
    }
  }

  #create(op: CreateOp, txn: Txn): void {
    const parentName = parentPath(op.path);
    const parent = this.#store.find(parentName);
    if (parent === -1) return;
    const existing = this.#store.find(op.path);
    if (existing === -1) {
      const slot = this.#store.add(op.path, parent);
      this.#writeNewStat(slot, op.ephemeralOwner, txn);
      this.#describe(slot, op.path, op.data, op.acl);
      this.#recount(slot, op.path);
      this.#ephemerals.add(op.ephemeralOwner, op.path);
    } else {
      this.#replaceAcl(existing, op.acl);
    }
    this.#raiseParent(parent, parentName, op.parentCversion, txn.zxid);
  }

  #writeNewStat(slot: number, ephemeralOwner: bigint, txn: Txn): void {
    const { table } = this.#store;
    table.setStatLong(slot, statOffset.czxid, txn.zxid);
    table.setStatLong(slot, statOffset.mzxid, txn.zxid);
    table.setStatLong(slot, statOffset.pzxid, txn.zxid);
    table.setStatTime(slot, statOffset.ctime, txn.timeMs);
    table.setStatTime(slot, statOffset.mtime, txn.timeMs);
    table.setStatLong(slot, statOffset.ephemeralOwner, ephemeralOwner);
  }

  /** A create counts for its parent once; a replay, or one older than the snapshot, does not. */
  #raiseParent(parent: number, path: string, logged: number, zxid: bigint): void {
    const { table } = this.#store;
    const current = table.statInteger(parent, statOffset.cversion);
    const cversion = logged === -1 ? current + 1 : logged;
    if (cversion <= current) return;
    table.setStatInteger(parent, statOffset.cversion, cversion);
    table.setStatLong(parent, statOffset.pzxid, zxid);
    this.#recount(parent, path);
  }

  #delete(path: string, zxid: bigint): void {
    const parentName = parentPath(path);
    const parent = this.#store.find(parentName);
    if (parent === -1) return;
    const { table } = this.#store;
    if (zxid > table.statLong(parent, statOffset.pzxid)) {
      table.setStatLong(parent, statOffset.pzxid, zxid);
      this.#recount(parent, parentName);
    }
    this.#remove(path, parentName);
  }

  /**
   * A server deletes a node only when it has no children. If the mirror still has some, they slipped into a fuzzy snapshot
   * from after the deletion; the transactions that create them will come.
   */
  #remove(path: string, parentName: string): void {
    const { table } = this.#store;
    let slot = this.#store.find(path);
    if (slot === -1) return;
    if (table.integer(slot, column.numChildren) > 0) {
      for (const child of this.#store.listChildren(path, slot)) this.#remove(child, path);
      slot = this.#store.find(path);
    }
    this.#digest.subtract(table.integer(slot, column.nodeCrc) >>> 0);
    this.#ephemerals.remove(table.statLong(slot, statOffset.ephemeralOwner), path);
    this.#acls.release(table.integer(slot, column.aclId));
    this.#store.remove(slot, this.#store.find(parentName));
  }

  #setData(path: string, data: Buffer | null, version: number, txn: Txn): void {
    const slot = this.#store.find(path);
    if (slot === -1) return;
    const { table } = this.#store;
    table.setStatLong(slot, statOffset.mzxid, txn.zxid);
    table.setStatTime(slot, statOffset.mtime, txn.timeMs);
    table.setStatInteger(slot, statOffset.version, version);
    this.#writeData(slot, path, data);
    this.#recount(slot, path);
  }

  #setAcl(path: string, acl: readonly Acl[], aversion: number): void {
    const slot = this.#store.find(path);
    if (slot === -1) return;
    this.#store.table.setStatInteger(slot, statOffset.aversion, aversion);
    this.#replaceAcl(slot, acl);
    this.#recount(slot, path);
  }

  #describe(slot: number, path: string, data: Buffer | null, acl: readonly Acl[]): void {
    this.#writeData(slot, path, data);
    this.#replaceAcl(slot, acl);
  }

  #replaceAcl(slot: number, acl: readonly Acl[]): void {
    const { table } = this.#store;
    const before = table.integer(slot, column.aclId);
    table.setInteger(slot, column.aclId, this.#acls.acquire(acl));
    this.#acls.release(before);
    this.#store.changed(slot);
  }

  #writeData(slot: number, path: string, data: Buffer | null): void {
    const { table } = this.#store;
    this.#store.setData(slot, data);
    const hash = hashData(data);
    table.setInteger(slot, column.hashHigh, hash.high);
    table.setInteger(slot, column.hashLow, hash.low);
    const pathCrc = crc32OfPath(path === '/' ? '' : path);
    table.setInteger(slot, column.prefixCrc, data === null ? pathCrc : extendCrc32(pathCrc, data));
  }

  /** Brings the node's share of the digest up to date; needed after any change of its path, data or stat. */
  #recount(slot: number, path: string): void {
    const { table } = this.#store;
    this.#store.changed(slot);
    if (path.startsWith(undigestedPrefix)) return;
    const prefix = table.integer(slot, column.prefixCrc) >>> 0;
    const crc = extendCrc32OfWords(prefix, table.statView(slot), table.statPosition(slot), statBytes);
    this.#digest.subtract(table.integer(slot, column.nodeCrc) >>> 0);
    this.#digest.add(crc);
    table.setInteger(slot, column.nodeCrc, crc);
  }

  #verify(zxid: bigint, expected: bigint): void {
    if (this.#state === 'mismatch') return;
    if (this.#digest.equals(expected)) {
      this.#state = 'verified';
    } else if (this.#state !== 'fuzzy') {
      this.#state = 'mismatch';
      this.#mismatch = { zxid, expected, actual: this.digest };
    }
  }

  #endWindow(): void {
    if (this.#state !== 'fuzzy' || this.#consistentFrom === undefined || this.#zxid < this.#consistentFrom)
      return;
    this.#state = 'consistent';
  }
}

export interface CreateTreeOptions {
  /** Nodes over this go to a file. Default 2,000,000, which take about 500 MB without data. */
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
