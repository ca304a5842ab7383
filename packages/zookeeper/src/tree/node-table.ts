/**
 * Znodes as rows of typed arrays in pages: 108 bytes a node, nothing for the garbage collector to visit, and no pause when
 * it grows. A row's number is its slot.
 *
 * The stat is kept as the 60 bytes over which the digest runs, big-endian, so that a digest is a pass over the row:
 * long czxid | long mzxid | long pzxid | long ctime | long mtime | int version | int cversion | int aversion |
 * long ephemeralOwner
 */
import type { PersistedStat } from '../protocol/stat.ts';

const pageBits = 13;
const pageSlots = 1 << pageBits;
const slotMask = pageSlots - 1;

export const statBytes = 60;

export const statOffset = {
  czxid: 0,
  mzxid: 8,
  pzxid: 16,
  ctime: 24,
  mtime: 32,
  version: 40,
  cversion: 44,
  aversion: 48,
  ephemeralOwner: 52,
} as const;

/** Integers beside the stat. */
export const column = {
  /** The node's share of the tree's digest. */
  nodeCrc: 0,
  /** CRC32 of path and data, from which `nodeCrc` is continued. */
  prefixCrc: 1,
  hashHigh: 2,
  hashLow: 3,
  /** -1 for null. */
  dataLength: 4,
  /** In the byte heap; 0 where data is not retained. */
  dataReference: 5,
  aclId: 6,
  numChildren: 7,
  /** Slots of relatives; -1 for none. Of use only while every node is in memory. */
  firstChild: 8,
  nextSibling: 9,
  previousSibling: 10,
  /** Bits of {@link rowState}. */
  state: 11,
} as const;
const columns = 12;

export const rowState = { dirty: 1, stored: 2, recent: 4 } as const;

interface Page {
  readonly stats: DataView;
  readonly bytes: Uint8Array;
  readonly integers: Int32Array;
  readonly paths: (string | undefined)[];
}

function createPage(): Page {
  const bytes = new Uint8Array(pageSlots * statBytes);
  return {
    stats: new DataView(bytes.buffer),
    bytes,
    integers: new Int32Array(pageSlots * columns),
    paths: new Array<string | undefined>(pageSlots).fill(undefined),
  };
}

export class NodeTable {
  #pages: Page[] = [];
  #freeSlots: number[] = [];
  #nextSlot = 0;

  /** One over the highest slot ever used. */
  get slotLimit(): number {
    return this.#nextSlot;
  }

  /** A row of zeros. */
  allocate(path: string): number {
    const slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    if (slot >> pageBits === this.#pages.length) this.#pages.push(createPage());
    this.#page(slot).paths[slot & slotMask] = path;
    return slot;
  }

  release(slot: number): void {
    const page = this.#page(slot);
    const row = slot & slotMask;
    page.paths[row] = undefined;
    page.bytes.fill(0, row * statBytes, (row + 1) * statBytes);
    page.integers.fill(0, row * columns, (row + 1) * columns);
    this.#freeSlots.push(slot);
  }

  clear(): void {
    this.#pages = [];
    this.#freeSlots = [];
    this.#nextSlot = 0;
  }

  /** `undefined` for a slot that holds no node. */
  pathAt(slot: number): string | undefined {
    return this.#page(slot).paths[slot & slotMask];
  }

  path(slot: number): string {
    const path = this.pathAt(slot);
    if (path === undefined) throw new RangeError(`slot ${slot} holds no node`);
    return path;
  }

  integer(slot: number, index: number): number {
    return this.#page(slot).integers[(slot & slotMask) * columns + index] as number;
  }

  setInteger(slot: number, index: number, value: number): void {
    this.#page(slot).integers[(slot & slotMask) * columns + index] = value;
  }

  statInteger(slot: number, offset: number): number {
    return this.#page(slot).stats.getInt32(this.statPosition(slot) + offset);
  }

  setStatInteger(slot: number, offset: number, value: number): void {
    this.#page(slot).stats.setInt32(this.statPosition(slot) + offset, value);
  }

  statLong(slot: number, offset: number): bigint {
    return this.#page(slot).stats.getBigInt64(this.statPosition(slot) + offset);
  }

  setStatLong(slot: number, offset: number, value: bigint): void {
    this.#page(slot).stats.setBigInt64(this.statPosition(slot) + offset, value);
  }

  statTime(slot: number, offset: number): number {
    const { stats } = this.#page(slot);
    const at = this.statPosition(slot) + offset;
    return stats.getInt32(at) * 0x1_0000_0000 + stats.getUint32(at + 4);
  }

  setStatTime(slot: number, offset: number, value: number): void {
    const { stats } = this.#page(slot);
    const at = this.statPosition(slot) + offset;
    stats.setInt32(at, Math.floor(value / 0x1_0000_0000));
    stats.setUint32(at + 4, value >>> 0);
  }

  /** The view that holds a row's stat, and where in it. */
  statView(slot: number): DataView {
    return this.#page(slot).stats;
  }

  statPosition(slot: number): number {
    return (slot & slotMask) * statBytes;
  }

  readStat(slot: number): PersistedStat {
    return {
      czxid: this.statLong(slot, statOffset.czxid),
      mzxid: this.statLong(slot, statOffset.mzxid),
      ctime: this.statTime(slot, statOffset.ctime),
      mtime: this.statTime(slot, statOffset.mtime),
      version: this.statInteger(slot, statOffset.version),
      cversion: this.statInteger(slot, statOffset.cversion),
      aversion: this.statInteger(slot, statOffset.aversion),
      ephemeralOwner: this.statLong(slot, statOffset.ephemeralOwner),
      pzxid: this.statLong(slot, statOffset.pzxid),
    };
  }

  writeStat(slot: number, stat: PersistedStat): void {
    this.setStatLong(slot, statOffset.czxid, stat.czxid);
    this.setStatLong(slot, statOffset.mzxid, stat.mzxid);
    this.setStatTime(slot, statOffset.ctime, stat.ctime);
    this.setStatTime(slot, statOffset.mtime, stat.mtime);
    this.setStatInteger(slot, statOffset.version, stat.version);
    this.setStatInteger(slot, statOffset.cversion, stat.cversion);
    this.setStatInteger(slot, statOffset.aversion, stat.aversion);
    this.setStatLong(slot, statOffset.ephemeralOwner, stat.ephemeralOwner);
    this.setStatLong(slot, statOffset.pzxid, stat.pzxid);
  }

  #page(slot: number): Page {
    const page = this.#pages[slot >> pageBits];
    if (page === undefined) throw new RangeError(`slot ${slot} was never used`);
    return page;
  }
}
