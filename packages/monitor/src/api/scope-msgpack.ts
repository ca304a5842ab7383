/**
 * Reports as Scope's own probes send them: msgpack of before there was a difference between text and bytes, with times as Go
 * writes them - a version, seconds since the year 1, nanoseconds, minutes from Greenwich.
 */
import { decode } from '@msgpack/msgpack';
import { MonitorError } from '../errors.ts';

const timeBytes = 15;
const timeVersion = 1;
/** From the year 1 to 1970. */
const secondsBefore1970 = 62_135_596_800n;
/** Reports are nowhere near as deep. */
const deepest = 64;

const text = new TextDecoder();

function timeOf(bytes: Uint8Array): string | undefined {
  if (bytes.length !== timeBytes || bytes[0] !== timeVersion) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ms = (view.getBigInt64(1) - secondsBefore1970) * 1_000n + BigInt(Math.floor(view.getInt32(9) / 1e6));
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** As JSON would have it. */
function plain(value: unknown, depth: number): unknown {
  if (value instanceof Uint8Array) return timeOf(value) ?? text.decode(value);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new RangeError(`nested more than ${deepest} deep`);
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]));
}

const keyOf = (key: unknown): string | number =>
  key instanceof Uint8Array ? text.decode(key) : typeof key === 'number' ? key : String(key);

/** @throws MonitorError `invalid` */
export function scopeMsgpack(bytes: Uint8Array): unknown {
  try {
    return plain(decode(bytes, { rawStrings: true, mapKeyConverter: keyOf, useBigInt64: true }), 0);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MonitorError('invalid', `a report is no msgpack: ${reason}`, { cause });
  }
}
