import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';

/**
 * What a client sees of a znode.
 *
 * Stat: long czxid | long mzxid | long ctime | long mtime | int version | int cversion | int aversion |
 *       long ephemeralOwner | int dataLength | int numChildren | long pzxid
 */
export interface Stat {
  czxid: bigint;
  mzxid: bigint;
  /** Milliseconds since 1970. */
  ctime: number;
  mtime: number;
  version: number;
  /** Counts creates and deletes of children; the next sequence number is `(cversion + numChildren) / 2`. */
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
  dataLength: number;
  numChildren: number;
  pzxid: bigint;
}

export function readStat(reader: JuteReader): Stat {
  return {
    czxid: reader.long(),
    mzxid: reader.long(),
    ctime: reader.longAsNumber(),
    mtime: reader.longAsNumber(),
    version: reader.int(),
    cversion: reader.int(),
    aversion: reader.int(),
    ephemeralOwner: reader.long(),
    dataLength: reader.int(),
    numChildren: reader.int(),
    pzxid: reader.long(),
  };
}

/**
 * What a server keeps of a znode in snapshots; 60 bytes - the same fields without the two that follow from the tree.
 *
 * StatPersisted: long czxid | long mzxid | long ctime | long mtime | int version | int cversion | int aversion |
 *                long ephemeralOwner | long pzxid
 */
export interface PersistedStat {
  czxid: bigint;
  mzxid: bigint;
  ctime: number;
  mtime: number;
  version: number;
  /** Counts creates of children only: it is the next sequence number. */
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
  pzxid: bigint;
}

export function readPersistedStat(reader: JuteReader): PersistedStat {
  return {
    czxid: reader.long(),
    mzxid: reader.long(),
    ctime: reader.longAsNumber(),
    mtime: reader.longAsNumber(),
    version: reader.int(),
    cversion: reader.int(),
    aversion: reader.int(),
    ephemeralOwner: reader.long(),
    pzxid: reader.long(),
  };
}

export function writePersistedStat(writer: JuteWriter, stat: PersistedStat): void {
  writer.long(stat.czxid).long(stat.mzxid).longFromNumber(stat.ctime).longFromNumber(stat.mtime);
  writer.int(stat.version).int(stat.cversion).int(stat.aversion).long(stat.ephemeralOwner).long(stat.pzxid);
}

/** The `cversion` that a client sees of a node whose server keeps `persisted`. */
export function clientCversion(persisted: number, numChildren: number): number {
  return persisted * 2 - numChildren;
}

/** The number that the next sequential child of a node gets. */
export function nextSequence(stat: Pick<Stat, 'cversion' | 'numChildren'>): number {
  return (stat.cversion + stat.numChildren) / 2;
}

/** What `ephemeralOwner` says of a node. Containers and TTL nodes hide in the same field. */
export type NodeKind = 'persistent' | 'ephemeral' | 'container' | 'ttl';

/** The owner that marks a container node. */
export const containerOwner = -0x8000_0000_0000_0000n;

export function nodeKind(ephemeralOwner: bigint): NodeKind {
  if (ephemeralOwner === 0n) return 'persistent';
  if (ephemeralOwner === containerOwner) return 'container';
  return BigInt.asUintN(64, ephemeralOwner) >> 56n === 0xffn ? 'ttl' : 'ephemeral';
}

/** Time to live of a TTL node in milliseconds. */
export function ttlMs(ephemeralOwner: bigint): number {
  return Number(ephemeralOwner & 0xff_ffff_ffffn);
}

/** The owner that marks a TTL node; `ttl` in milliseconds, below 2^40. */
export function ttlOwner(ttl: bigint): bigint {
  return BigInt.asIntN(64, (0xffn << 56n) | (ttl & 0xff_ffff_ffffn));
}
