/**
 * Where a tree's nodes are: all in memory up to a limit; over it in a file, with the nodes used of late in memory. The tree's
 * logic works on slots of a {@link NodeTable} in both cases.
 *
 * A slot is valid until `settle` or `listChildren` or `paths` is called, which may move nodes to the file.
 */
import { childPath } from '../protocol/path.ts';
import { ByteHeap } from './byte-heap.ts';
import { NodeFile, type StoredNode } from './node-file.ts';
import { column, NodeTable, rowState, statBytes } from './node-table.ts';
import { comparePaths, isWithin } from './path.ts';
import { PathIndex } from './path-index.ts';
import { childSlots, linkSibling, unlinkSibling } from './sibling-links.ts';
import { SlotQueue } from './slot-queue.ts';

export interface NodeStoreOptions {
  /** Over this, nodes move to a file. */
  readonly maxNodesInMemory: number;
  /** Where the file goes. */
  readonly folder: string;
  readonly retainData: boolean;
}

/** Changes that only memory has are written bit by bit over this, so that a walk, which needs them all, starts soon. */
const mostDirty = 8192;
const writesPerTurn = 4;
/** A few milliseconds of work. */
const writesPerFlush = 2048;
/** Nodes moved to the file in one go, a few milliseconds of work. */
const evictionBatch = 512;

export class NodeStore {
  readonly table = new NodeTable();
  readonly #index = new PathIndex();
  readonly #heap = new ByteHeap();
  readonly #options: NodeStoreOptions;
  #file: NodeFile | undefined;
  readonly #dirty = new SlotQueue();
  #size = 0;
  #hand = 0;

  constructor(options: NodeStoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  get onDisk(): boolean {
    return this.#file !== undefined;
  }

  /** The node's slot, or -1. */
  find(path: string): number {
    const slot = this.#index.get(path);
    if (slot !== undefined) {
      if (this.#file !== undefined) this.#touch(slot);
      return slot;
    }
    const stored = this.#file?.get(path);
    return stored === undefined ? -1 : this.#load(path, stored);
  }

  /** Adds a node that is not there yet below the one at `parent`; -1 for the root. */
  add(path: string, parent: number): number {
    const slot = this.table.allocate(path);
    this.#index.add(path, slot);
    this.#size++;
    if (this.#file === undefined) linkSibling(this.table, slot, parent);
    if (parent !== -1) {
      this.table.setInteger(parent, column.numChildren, this.table.integer(parent, column.numChildren) + 1);
      this.changed(parent);
    }
    this.changed(slot);
    return slot;
  }

  remove(slot: number, parent: number): void {
    const path = this.table.path(slot);
    if ((this.table.integer(slot, column.state) & rowState.stored) !== 0) this.#file?.remove(path);
    if (parent !== -1) {
      this.table.setInteger(parent, column.numChildren, this.table.integer(parent, column.numChildren) - 1);
      this.changed(parent);
    }
    if (this.#file === undefined) unlinkSibling(this.table, slot, parent);
    this.#size--;
    this.#drop(slot, path);
  }

  /** To be called after a row was written to. */
  changed(slot: number): void {
    if (this.#file === undefined) return;
    const state = this.table.integer(slot, column.state);
    if ((state & rowState.dirty) === 0) this.#dirty.push(slot);
    this.table.setInteger(slot, column.state, state | rowState.dirty | rowState.recent);
  }

  setData(slot: number, data: Uint8Array | null): void {
    const { table } = this;
    if (this.#options.retainData) {
      this.#heap.release(table.integer(slot, column.dataReference), table.integer(slot, column.dataLength));
      table.setInteger(slot, column.dataReference, data === null ? 0 : this.#heap.store(data));
    }
    table.setInteger(slot, column.dataLength, data === null ? -1 : data.length);
  }

  /** A copy of the node's data; `undefined` where data is not retained. */
  data(slot: number): Buffer | null | undefined {
    if (!this.#options.retainData) return undefined;
    const length = this.table.integer(slot, column.dataLength);
    return length === -1 ? null : this.#heap.read(this.table.integer(slot, column.dataReference), length);
  }

  /** Children's paths in order. */
  listChildren(path: string, slot: number): string[] {
    if (this.#file !== undefined) {
      this.#writeDirty();
      return [...this.#file.childNames(path)].map((name) => childPath(path, name));
    }
    const paths: string[] = [];
    for (const child of childSlots(this.table, slot)) paths.push(this.table.path(child));
    // All share the parent's path, so the plain order of strings is the order of names.
    return paths.sort();
  }

  /** Paths below `prefix` after `after` in the order of a walk. The tree may change between two steps. */
  *pathsBelow(prefix: string, after?: string): Generator<string> {
    let last = after ?? prefix;
    const slot = this.#index.get(prefix);
    if (this.#file === undefined && slot !== undefined) {
      for (const path of this.#descend(prefix, slot, after)) {
        last = path;
        yield path;
        if (this.#file !== undefined) break; // spilled over meanwhile: go on from the file
      }
    }
    if (this.#file === undefined) return;
    this.#writeDirty();
    yield* this.#file.pathsBelow(prefix, last);
  }

  *#descend(path: string, slot: number, after: string | undefined): Generator<string> {
    for (const child of this.listChildren(path, slot)) {
      const isPast = after !== undefined && comparePaths(child, after) <= 0;
      if (isPast && !isWithin(after, child)) continue;
      if (!this.#index.has(child)) continue; // gone since it was listed
      if (!isPast) yield child;
      const childSlot = this.#index.get(child);
      if (childSlot === undefined || this.table.integer(childSlot, column.firstChild) === -1) continue;
      yield* this.#descend(child, childSlot, isPast ? after : undefined);
    }
  }

  /** Brings memory back under its limit, a batch at a time. Slots held before are void after. */
  settle(): void {
    if (this.#dirty.length > mostDirty) this.#writeDirty(writesPerTurn);
    if (this.#index.size <= this.#options.maxNodesInMemory) return;
    this.#file ??= this.#spillOver();
    const target = Math.max(this.#options.maxNodesInMemory - evictionBatch, 1);
    while (this.#index.size > target) this.#evictNext();
  }

  /** Writes some of the changes that only memory has; false once there are none. */
  flushSome(): boolean {
    this.#writeDirty(writesPerFlush);
    return this.#dirty.length > 0;
  }

  clear(): void {
    this.#file?.close();
    this.#file = undefined;
    this.table.clear();
    this.#index.clear();
    this.#heap.clear();
    this.#dirty.clear();
    this.#size = 0;
    this.#hand = 0;
  }

  /** From now on links between relatives are not kept: a node's relatives may be in the file. */
  #spillOver(): NodeFile {
    for (let slot = 0; slot < this.table.slotLimit; slot++) {
      if (this.table.pathAt(slot) === undefined) continue;
      this.table.setInteger(slot, column.state, rowState.dirty);
      this.#dirty.push(slot);
    }
    return new NodeFile(this.#options.folder);
  }

  /** Second chance: a node used since the hand last came by is passed over once. */
  #evictNext(): void {
    for (;;) {
      if (this.#hand >= this.table.slotLimit) this.#hand = 0;
      const slot = this.#hand++;
      const path = this.table.pathAt(slot);
      if (path === undefined || path === '/') continue;
      const state = this.table.integer(slot, column.state);
      if ((state & rowState.recent) !== 0) {
        this.table.setInteger(slot, column.state, state & ~rowState.recent);
        continue;
      }
      if ((state & rowState.dirty) !== 0) this.#write(slot, path);
      this.#drop(slot, path);
      return;
    }
  }

  /** The oldest first. The list may name slots that were written, dropped or taken by another node since. */
  #writeDirty(count = this.#dirty.length): void {
    for (const slot of this.#dirty.take(count)) {
      const path = this.table.pathAt(slot);
      const isDirty = (this.table.integer(slot, column.state) & rowState.dirty) !== 0;
      if (path !== undefined && isDirty) this.#write(slot, path);
    }
  }

  #write(slot: number, path: string): void {
    const { table } = this;
    const at = table.statPosition(slot);
    this.#file?.put(path, {
      stat: new Uint8Array(table.statView(slot).buffer as ArrayBuffer, at, statBytes),
      nodeCrc: table.integer(slot, column.nodeCrc),
      prefixCrc: table.integer(slot, column.prefixCrc),
      hashHigh: table.integer(slot, column.hashHigh),
      hashLow: table.integer(slot, column.hashLow),
      dataLength: table.integer(slot, column.dataLength),
      aclId: table.integer(slot, column.aclId),
      numChildren: table.integer(slot, column.numChildren),
      data: this.data(slot) ?? null,
    });
    const state = table.integer(slot, column.state);
    table.setInteger(slot, column.state, (state & ~rowState.dirty) | rowState.stored);
  }

  #load(path: string, stored: StoredNode): number {
    const { table } = this;
    const slot = table.allocate(path);
    this.#index.add(path, slot);
    new Uint8Array(table.statView(slot).buffer, table.statPosition(slot), statBytes).set(stored.stat);
    table.setInteger(slot, column.nodeCrc, stored.nodeCrc);
    table.setInteger(slot, column.prefixCrc, stored.prefixCrc);
    table.setInteger(slot, column.hashHigh, stored.hashHigh);
    table.setInteger(slot, column.hashLow, stored.hashLow);
    table.setInteger(slot, column.aclId, stored.aclId);
    table.setInteger(slot, column.numChildren, stored.numChildren);
    this.setData(slot, this.#options.retainData ? stored.data : null);
    table.setInteger(slot, column.dataLength, stored.dataLength);
    table.setInteger(slot, column.state, rowState.stored | rowState.recent);
    return slot;
  }

  #drop(slot: number, path: string): void {
    const { table } = this;
    if (this.#options.retainData) {
      this.#heap.release(table.integer(slot, column.dataReference), table.integer(slot, column.dataLength));
    }
    this.#index.remove(path);
    table.release(slot);
  }

  #touch(slot: number): void {
    this.table.setInteger(slot, column.state, this.table.integer(slot, column.state) | rowState.recent);
  }
}
