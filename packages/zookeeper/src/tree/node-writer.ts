/** The changes that transactions and snapshots make to nodes, with all that has to be kept in step. */
import type { Acl } from '../protocol/acl.ts';
import { parentPath } from '../protocol/path.ts';
import type { CreateOp, Txn } from '../protocol/txn.ts';
import type { AclTable } from './acl-table.ts';
import { crc32OfPath, extendCrc32, extendCrc32OfWords } from './crc32.ts';
import { hashData } from './data-hash.ts';
import type { EphemeralIndex } from './ephemerals.ts';
import type { MirrorProof } from './mirror-proof.ts';
import type { SnapshotNode } from './node.ts';
import { undigestedPrefix } from './node-digest.ts';
import type { NodeStore } from './node-store.ts';
import { column, statBytes, statOffset } from './node-table.ts';

export interface NodeWriterParts {
  readonly store: NodeStore;
  readonly acls: AclTable;
  readonly ephemerals: EphemeralIndex;
  readonly proof: MirrorProof;
}

export class NodeWriter {
  readonly #store: NodeStore;
  readonly #acls: AclTable;
  readonly #ephemerals: EphemeralIndex;
  readonly #proof: MirrorProof;

  constructor(parts: NodeWriterParts) {
    this.#store = parts.store;
    this.#acls = parts.acls;
    this.#ephemerals = parts.ephemerals;
    this.#proof = parts.proof;
  }

  addRoot(acl: readonly Acl[]): void {
    const root = this.#store.add('/', -1);
    this.#writeData(root, '/', null);
    this.#replaceAcl(root, acl);
    this.#recount(root, '/');
  }

  /** A node of a snapshot. Throws when its parent has not come before it. */
  put(node: SnapshotNode): void {
    const { path, stat } = node;
    let slot = this.#store.find(path);
    if (slot === -1) {
      const parent = this.#store.find(parentPath(path));
      if (parent === -1) throw new RangeError(`snapshot holds ${path} but not its parent`);
      slot = this.#store.add(path, parent);
    }
    this.#store.table.writeStat(slot, stat);
    this.#writeData(slot, path, node.data);
    this.#replaceAcl(slot, node.acl);
    this.#recount(slot, path);
    this.#ephemerals.add(stat.ephemeralOwner, path);
  }

  create(op: CreateOp, txn: Txn): void {
    const parentName = parentPath(op.path);
    const parent = this.#store.find(parentName);
    if (parent === -1) return;
    const existing = this.#store.find(op.path);
    if (existing === -1) {
      const slot = this.#store.add(op.path, parent);
      this.#writeNewStat(slot, op.ephemeralOwner, txn);
      this.#writeData(slot, op.path, op.data);
      this.#replaceAcl(slot, op.acl);
      this.#recount(slot, op.path);
      this.#ephemerals.add(op.ephemeralOwner, op.path);
    } else {
      this.#replaceAcl(existing, op.acl);
    }
    this.#raiseParent(parent, parentName, op.parentCversion, txn.zxid);
  }

  delete(path: string, zxid: bigint): void {
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

  setData(path: string, data: Buffer | null, version: number, txn: Txn): void {
    const slot = this.#store.find(path);
    if (slot === -1) return;
    const { table } = this.#store;
    table.setStatLong(slot, statOffset.mzxid, txn.zxid);
    table.setStatTime(slot, statOffset.mtime, txn.timeMs);
    table.setStatInteger(slot, statOffset.version, version);
    this.#writeData(slot, path, data);
    this.#recount(slot, path);
  }

  setAcl(path: string, acl: readonly Acl[], aversion: number): void {
    const slot = this.#store.find(path);
    if (slot === -1) return;
    this.#store.table.setStatInteger(slot, statOffset.aversion, aversion);
    this.#replaceAcl(slot, acl);
    this.#recount(slot, path);
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
    this.#proof.remove(path, table.integer(slot, column.nodeCrc) >>> 0);
    this.#ephemerals.remove(table.statLong(slot, statOffset.ephemeralOwner), path);
    this.#acls.release(table.integer(slot, column.aclId));
    this.#store.remove(slot, this.#store.find(parentName));
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
    if (!path.startsWith(undigestedPrefix)) this.#proof.setData(path, data);
  }

  /** Brings the node's share of the digest up to date; needed after any change of its path, data or stat. */
  #recount(slot: number, path: string): void {
    const { table } = this.#store;
    this.#store.changed(slot);
    if (path.startsWith(undigestedPrefix)) return;
    const prefix = table.integer(slot, column.prefixCrc) >>> 0;
    const view = table.statView(slot);
    const at = table.statPosition(slot);
    const share = extendCrc32OfWords(prefix, view, at, statBytes);
    this.#proof.replace(path, table.integer(slot, column.nodeCrc) >>> 0, share, view, at);
    table.setInteger(slot, column.nodeCrc, share);
  }
}
