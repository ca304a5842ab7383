/**
 * QuorumPacket: int type | long zxid | buf data | vec<Id{str scheme | str id}> authinfo
 *
 * What leader and learner exchange. There is no framing around it: where a packet ends follows from its own fields.
 */
import { JuteError } from '../jute/errors.ts';
import { JuteReader } from '../jute/reader.ts';
import { JuteWriter } from '../jute/writer.ts';

export const packetType = {
  request: 1,
  proposal: 2,
  ack: 3,
  commit: 4,
  ping: 5,
  revalidate: 6,
  sync: 7,
  inform: 8,
  commitAndActivate: 9,
  newLeader: 10,
  followerInfo: 11,
  upToDate: 12,
  diff: 13,
  trunc: 14,
  snap: 15,
  observerInfo: 16,
  leaderInfo: 17,
  ackEpoch: 18,
  informAndActivate: 19,
} as const;

export interface QuorumPacket {
  readonly type: number;
  readonly zxid: bigint;
  /** A view of the received bytes. */
  readonly data: Buffer | null;
}

const knownTypes: ReadonlySet<number> = new Set(Object.values(packetType));
const fixedBytes = 16;
/** No transaction is larger than jute.maxbuffer (1 MB unless raised), so more than this is not a packet. */
const longestData = 1 << 30;
const mostIds = 10_000;

/**
 * How long the packet at `offset` is: a positive number once it is complete in `bytes`, else minus the number of bytes
 * that are needed before it is worth to ask again.
 */
export function measurePacket(bytes: Buffer, offset: number): number {
  const available = bytes.length - offset;
  if (available < fixedBytes) return -fixedBytes;
  const type = bytes.readInt32BE(offset);
  if (!knownTypes.has(type)) throw new JuteError(`no packet has type ${type}`);
  const dataLength = bytes.readInt32BE(offset + 12);
  if (dataLength < -1 || dataLength > longestData)
    throw new JuteError(`packet with ${dataLength} bytes of data`);
  let length = fixedBytes + Math.max(0, dataLength) + 4;
  if (available < length) return -length;
  const ids = bytes.readInt32BE(offset + length - 4);
  if (ids < -1 || ids > mostIds) throw new JuteError(`packet with ${ids} ids`);
  for (let strings = 2 * Math.max(0, ids); strings > 0; strings--) {
    length += 4;
    if (available < length) return -length;
    length += Math.max(0, bytes.readInt32BE(offset + length - 4));
    if (available < length) return -length;
  }
  return length;
}

/** Decodes a packet that {@link measurePacket} found complete. Authinfo is of no use to a learner. */
export function readPacket(bytes: Buffer, offset: number): QuorumPacket {
  const reader = new JuteReader(bytes, offset);
  return { type: reader.int(), zxid: reader.long(), data: reader.buffer() };
}

export function encodePacket(type: number, zxid: bigint, data: Buffer | null): Buffer {
  const writer = new JuteWriter(24 + (data?.length ?? 0));
  return writer.int(type).long(zxid).buffer(data).int(-1).take();
}

export function describeType(type: number): string {
  const found = Object.entries(packetType).find(([, value]) => value === type);
  return found === undefined ? `type ${type}` : found[0];
}
