import { describe, expect, test } from 'vitest';
import { JuteReader } from '../jute/reader.ts';
import { JuteWriter } from '../jute/writer.ts';
import { reconfig } from './config.ts';
import { create2For, createFor } from './create.ts';
import { deleteNode } from './delete.ts';
import { exists } from './exists.ts';
import { getChildren2 } from './get-children.ts';
import { getData } from './get-data.ts';
import { multi } from './multi.ts';
import type { Operation } from './operation.ts';
import { setData } from './set-data.ts';
import { addWatch } from './watches.ts';
import { whoAmI } from './who-am-i.ts';

/** Bytes as a transcript shows them: hexadecimal and quoted text in a row. */
function bytes(transcript: string): Buffer {
  const parts = transcript.matchAll(/"([^"]*)"|([0-9a-f]+)/g);
  return Buffer.concat(
    [...parts].map(([, text, hex]) => (text === undefined ? Buffer.from(hex!, 'hex') : Buffer.from(text))),
  );
}

function written<Body>(operation: Operation<Body, unknown>, body: Body, chroot = ''): string {
  const writer = new JuteWriter();
  operation.write(writer, body, chroot);
  return writer.bytes().toString('hex');
}

function read<Result>(operation: Operation<never, Result>, transcript: string, chroot = ''): Result {
  const reader = new JuteReader(bytes(transcript));
  const result = operation.read(reader, { zxid: 7n, cxid: 3 }, chroot);
  expect(reader.remaining).toBe(0);
  return result;
}

const statTranscript = `
  0000000000000002 0000000000000004 0000018bcfe56800 0000018bcfe56be8
  00000001 00000003 00000000 0100001eed420000 00000002 00000001 0000000000000003`;
const stat = {
  czxid: 2n,
  mzxid: 4n,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_001_000,
  version: 1,
  cversion: 3,
  aversion: 0,
  ephemeralOwner: 0x0100001eed420000n,
  dataLength: 2,
  numChildren: 1,
  pzxid: 3n,
};

describe('requests', () => {
  test.each([
    ['getData', written(getData, { path: '/a', watch: true }), '00000002"/a" 01'],
    ['exists under a chroot', written(exists, { path: '/a', watch: false }, '/app'), '00000006"/app/a" 00'],
    ['the chroot itself', written(exists, { path: '/', watch: false }, '/app'), '00000004"/app" 00'],
    [
      'setData',
      written(setData, { path: '/a', data: Buffer.from('hi'), version: 3 }),
      '00000002"/a" 00000002"hi" 00000003',
    ],
    ['setData of null', written(setData, { path: '/a', data: null }), '00000002"/a" ffffffff ffffffff'],
    ['delete', written(deleteNode, { path: '/a' }), '00000002"/a" ffffffff'],
    [
      'create',
      written(createFor('ephemeralSequential'), { path: '/a', data: null, mode: 'ephemeralSequential' }),
      '00000002"/a" ffffffff 00000001 0000001f 00000005"world" 00000006"anyone" 00000003',
    ],
    [
      'create with a time to live',
      written(createFor('persistentWithTtl'), {
        path: '/a',
        data: null,
        acl: [],
        mode: 'persistentWithTtl',
        ttlMs: 1000,
      }),
      '00000002"/a" ffffffff 00000000 00000005 00000000000003e8',
    ],
    ['addWatch', written(addWatch, { path: '/a', mode: 'persistentRecursive' }), '00000002"/a" 00000001'],
    ['whoAmI', written(whoAmI, {}), ''],
    ['reconfig', written(reconfig, { leaving: '3' }), 'ffffffff 00000001"3" ffffffff ffffffffffffffff'],
    [
      'multi',
      written(multi, {
        ops: [
          { kind: 'check', path: '/a', version: 2 },
          { kind: 'delete', path: '/a' },
        ],
      }),
      `0000000d 00 ffffffff 00000002"/a" 00000002
       00000002 00 ffffffff 00000002"/a" ffffffff
       ffffffff 01 ffffffff`,
    ],
  ])('%s', (_name, actual, transcript) => {
    expect(actual).toBe(bytes(transcript).toString('hex'));
  });

  test('a create with a time to live needs one', () => {
    const request = { path: '/a', data: null, mode: 'persistentWithTtl' as const };
    expect(() => written(createFor(request.mode), request)).toThrow(/ttlMs is undefined; give an integer/);
  });
});

describe('responses', () => {
  const reply = { zxid: 7n, cxid: 3 };

  test('getData', () => {
    expect(read(getData, `00000002"hi" ${statTranscript}`)).toEqual({
      data: Buffer.from('hi'),
      stat,
      ...reply,
    });
    expect(read(getData, `ffffffff ${statTranscript}`)).toEqual({ data: null, stat, ...reply });
  });

  test('create2 under a chroot', () => {
    const response = `00000007"/app/a1" ${statTranscript}`;
    expect(read(create2For(undefined), response, '/app')).toEqual({ path: '/a1', stat, ...reply });
  });

  test('getChildren2', () => {
    const response = `00000002 00000001"a" 00000002"bc" ${statTranscript}`;
    expect(read(getChildren2, response)).toEqual({ children: ['a', 'bc'], stat, ...reply });
  });

  test('whoAmI', () => {
    const response = '00000001 00000002"ip" 00000009"127.0.0.1"';
    expect(read(whoAmI, response)).toEqual({ clientInfo: [{ scheme: 'ip', user: '127.0.0.1' }], ...reply });
  });

  test('a multi that succeeded', () => {
    const response = `
      00000001 00 00000000 00000002"/a"
      00000005 00 00000000 ${statTranscript}
      00000002 00 00000000
      ffffffff 01 ffffffff`;
    expect(read(multi, response)).toEqual({ ok: true, results: [{ path: '/a' }, { stat }, {}], ...reply });
  });

  test('a multi that failed', () => {
    const response = `
      ffffffff 00 00000000 00000000
      ffffffff 00 ffffff9b ffffff9b
      ffffffff 00 fffffffe fffffffe
      ffffffff 01 ffffffff`;
    const codes = [undefined, 'NoNode', 'RuntimeInconsistency'];
    expect(read(multi, response)).toEqual({ ok: false, index: 1, code: 'NoNode', codes, ...reply });
  });
});
