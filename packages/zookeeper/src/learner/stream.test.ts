import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JuteWriter } from '../jute/writer.ts';
import { type Acl, openAcl } from '../protocol/acl.ts';
import { AclKeys, writeAcls, writeBodyEnd, writeNode, writeSessions } from '../snapshot/body-writer.ts';
import type { SnapshotNode } from '../tree/node.ts';
import { encodePacket, packetType } from './packet.ts';
import { LearnerStream } from './stream.ts';

const acl: Acl[] = [
  { perms: 1, scheme: 'digest', id: 'user:hash=' },
  { perms: 31, scheme: 'ip', id: '10.0.0.0/8' },
];
const stat = {
  czxid: 1n,
  mzxid: 2n,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_000_001,
  version: 4,
  cversion: 5,
  aversion: 6,
  ephemeralOwner: -1n,
  pzxid: 3n,
};
const nodes: SnapshotNode[] = [
  { path: '/', data: null, acl: openAcl, stat },
  { path: '/a', data: Buffer.from('value'), acl, stat },
  { path: '/a/é', data: Buffer.alloc(0), acl: openAcl, stat },
];
const sessions = [{ id: 0x1000_0000_0000_0001n, timeoutMs: 30_000 }];

function snapshotBody(): Buffer {
  const writer = new JuteWriter();
  const keys = new AclKeys();
  for (const node of nodes) keys.keyOf(node.acl);
  writeSessions(writer, sessions);
  writeAcls(writer, keys);
  for (const node of nodes) writeNode(writer, node, keys);
  writeBodyEnd(writer);
  return writer.string('BenWasHere').take();
}

/** With ids, as some servers send; a learner has no use for them. */
const authenticated = new JuteWriter()
  .int(packetType.inform)
  .long(8n)
  .buffer(Buffer.from('txn'))
  .int(1)
  .string('ip')
  .string('::1')
  .take();

const conversation = Buffer.concat([
  encodePacket(packetType.leaderInfo, 5n << 32n, Buffer.from([0, 1, 0, 0])),
  encodePacket(packetType.snap, 7n, null),
  snapshotBody(),
  encodePacket(packetType.newLeader, 5n << 32n, Buffer.from('config')),
  authenticated,
  encodePacket(packetType.ping, 8n, null),
]);

const expected = [
  'packet 17 21474836480 00010000',
  'packet 15 7 null',
  'session 1152921504606846977 30000',
  ...nodes.map((node) => `node ${JSON.stringify(node, jsonSafe)}`),
  'end',
  'packet 10 21474836480 636f6e666967',
  'packet 8 8 74786e',
  'packet 5 8 null',
];

function jsonSafe(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function read(pieces: readonly Buffer[], readsSnapshot = true): string[] {
  const seen: string[] = [];
  const stream = new LearnerStream(
    {
      packet: ({ type, zxid, data }) =>
        seen.push(`packet ${type} ${zxid} ${data === null ? null : data.toString('hex')}`),
      session: ({ id, timeoutMs }) => seen.push(`session ${id} ${timeoutMs}`),
      node: (node) => seen.push(`node ${JSON.stringify(node, jsonSafe)}`),
      snapshotEnd: () => seen.push('end'),
    },
    { readsSnapshot },
  );
  for (const piece of pieces) stream.push(piece);
  expect(stream.pendingBytes).toBe(0);
  return seen;
}

test('reads packets and a snapshot from one piece', () => {
  expect(read([conversation])).toEqual(expected);
});

test('reads the same byte by byte', () => {
  const bytes = Array.from({ length: conversation.length }, (_, at) => conversation.subarray(at, at + 1));
  expect(read(bytes)).toEqual(expected);
});

test('reads the same in whatever pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (lengths) => {
      const pieces: Buffer[] = [];
      for (let at = 0, turn = 0; at < conversation.length; turn++) {
        const length = lengths[turn % lengths.length] as number;
        pieces.push(conversation.subarray(at, at + length));
        at += length;
      }
      expect(read(pieces)).toEqual(expected);
    }),
  );
});

test('steps over a snapshot that nobody reads', () => {
  const bulk = /^(session|node)/;
  expect(read([conversation], false)).toEqual(expected.filter((line) => !bulk.test(line)));
});

test.each([
  ['a packet longer than any', Buffer.from('0000000800000000000000017fffffff', 'hex')],
  ['a negative length', Buffer.from('000000080000000000000001fffffffe', 'hex')],
  [
    'a snapshot without its signature',
    Buffer.concat([
      encodePacket(packetType.snap, 7n, null),
      snapshotBody().subarray(0, -1),
      Buffer.from('!'),
    ]),
  ],
  [
    'a path of one character',
    Buffer.concat([
      encodePacket(packetType.snap, 7n, null),
      Buffer.from('0000000000000000000000016100', 'hex'),
    ]),
  ],
])('refuses %s', (_name, bytes) => {
  expect(() => read([bytes])).toThrow(expect.objectContaining({ code: 'Malformed' }));
});

test('random bytes are refused or waited on, never misread into an allocation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const stream = new LearnerStream(
        { packet: () => undefined, snapshotEnd: () => undefined },
        { readsSnapshot: true },
      );
      try {
        stream.push(Buffer.from(bytes));
      } catch (error) {
        expect(error).toMatchObject({ code: 'Malformed' });
      }
    }),
  );
});
