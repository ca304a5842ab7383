import { encode } from '@msgpack/msgpack';
import { fromScopeReport } from '@orchestrator/report';
import { expect, test } from 'vitest';
import { scopeCapture } from '../../test-data/fixtures.ts';
import { scopeMsgpack } from './scope-msgpack.ts';

/** As Go's time.MarshalBinary writes it. */
function goTime(iso: string): Uint8Array {
  const ms = Date.parse(iso);
  const bytes = Buffer.alloc(15);
  bytes[0] = 1;
  bytes.writeBigInt64BE(BigInt(Math.floor(ms / 1_000)) + 62_135_596_800n, 1);
  bytes.writeInt32BE((((ms % 1_000) + 1_000) % 1_000) * 1e6, 9);
  bytes.writeInt16BE(-1, 13);
  return bytes;
}

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value);

function withGoTimes(value: unknown, key = ''): unknown {
  // Times that are text in the report itself stay so.
  if (isTime(value)) return key === 'value' ? value : goTime(value);
  if (Array.isArray(value)) return value.map((item) => withGoTimes(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withGoTimes(item, name)]));
}

test('a report in msgpack says what it says in JSON', () => {
  const json = scopeCapture('report');
  const read = scopeMsgpack(encode(withGoTimes(json)));
  expect(fromScopeReport(read, 1_000)).toEqual(fromScopeReport(json, 1_000));
});

test('what is no msgpack is refused', () => {
  expect(() => scopeMsgpack(Buffer.from([0xc1]))).toThrow('a report is no msgpack');
  expect(() => scopeMsgpack(encode({ a: 1 }).subarray(0, 2))).toThrow('a report is no msgpack');
  let deep: unknown = 1;
  for (let depth = 0; depth < 80; depth++) deep = [deep];
  expect(() => scopeMsgpack(encode(deep, { maxDepth: 100 }))).toThrow('nested more than');
});
