import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor, ownZnodes } from './znodes.ts';

test('a cursor is read back as it was written, and people can read it too', () => {
  const cursor = { term: 7, multi: 12, zxid: 0x5_0000_00ffn, seenZxid: 0x1_0000_0001n };
  const data = encodeCursor(cursor);
  expect(decodeCursor(data, '/c')).toEqual(cursor);
  expect(data.toString()).toBe(
    '{"format":1,"term":7,"multi":12,"zxid":"0x5000000ff","seenZxid":"0x100000001"}',
  );
});

test.each([
  null,
  '',
  'x',
  '{}',
  '{"format":2,"term":1,"zxid":"0x1","seenZxid":"0x1"}',
  '{"format":1,"term":1}',
])('what is no cursor of this version is refused, not guessed at: %s', (text) => {
  const data = text === null ? null : Buffer.from(text);
  expect(() => decodeCursor(data, '/c')).toThrow(/\/c does not hold a cursor/);
});

test('a migration id has to be a legal name', () => {
  expect(ownZnodes('m-1').cursor).toBe('/orchestrator-sync/m-1/cursor');
  for (const id of ['', '.', '..', 'a/b', '-a', 'x'.repeat(101)])
    expect(() => ownZnodes(id)).toThrow(/cannot name/);
});
