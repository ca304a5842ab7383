import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { JuteWriter } from '../jute/writer.ts';
import { openAcl, writeAcl } from '../protocol/acl.ts';
import { decodeTxn, txnType } from './txn-codec.ts';

/** Three lines each: what it is, the bytes as a real leader sent them, what they mean. */
const golden = readFileSync(new URL('../../test/golden/txns.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n')
  .map((block) => block.split('\n') as [string, string, string]);

function show(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'bigint')
      return `${item < 0n ? '-' : ''}0x${(item < 0n ? -item : item).toString(16)}`;
    return item?.type === 'Buffer' ? Buffer.from(item.data).toString('latin1') : item;
  });
}

function header(type: number): JuteWriter {
  return new JuteWriter().long(77n).int(5).long(0x500000001n).longFromNumber(1_700_000_000_000).int(type);
}

describe('as real leaders send them', () => {
  test.each(golden)('%s', (_name, hex, meaning) => {
    expect(show(decodeTxn(Buffer.from(hex, 'hex')))).toBe(meaning);
  });

  test('no proper part of one passes for a transaction of its own', () => {
    for (const [name, hex] of golden) {
      const bytes = Buffer.from(hex, 'hex');
      const whole = decodeTxn(bytes);
      for (let length = 32; length < bytes.length; length++) {
        let part: unknown;
        try {
          part = decodeTxn(bytes.subarray(0, length));
        } catch {
          continue;
        }
        // A digest or a parent's cversion is what older servers do not send; nothing else may be missing.
        expect(show(part), `${name} cut at ${length}`).not.toBe(show(whole));
        expect(part, name).toMatchObject({ zxid: whole.zxid });
      }
    }
  });
});

describe('what no server at hand sends', () => {
  test('a create from a log older than 3.4, without the cversion of the parent', () => {
    const bytes = header(txnType.create)
      .string('/old')
      .buffer(Buffer.from('x'))
      .vector(openAcl, writeAcl)
      .bool(true)
      .take();
    expect(decodeTxn(bytes).ops).toEqual([
      {
        kind: 'create',
        path: '/old',
        data: Buffer.from('x'),
        acl: openAcl,
        ephemeralOwner: 77n,
        parentCversion: -1,
      },
    ]);
  });

  test('a reconfiguration sets the data of the configuration node', () => {
    const bytes = header(txnType.reconfig)
      .string('/zookeeper/config')
      .buffer(Buffer.from('server.1'))
      .int(3)
      .take();
    expect(decodeTxn(bytes).ops).toEqual([
      { kind: 'setData', path: '/zookeeper/config', data: Buffer.from('server.1'), version: 3 },
    ]);
  });

  test('a digest of a version that is not known is not taken for one', () => {
    const bytes = header(txnType.delete).string('/a').int(3).long(99n).take();
    expect(decodeTxn(bytes)).not.toHaveProperty('digest');
  });

  test('a close session that names no node', () => {
    expect(decodeTxn(header(txnType.closeSession).int(0).take()).ops).toEqual([
      { kind: 'closeSession', paths: [] },
    ]);
    const withDigest = decodeTxn(header(txnType.closeSession).int(0).int(2).long(9n).take());
    expect(withDigest).toMatchObject({ ops: [{ kind: 'closeSession', paths: [] }], digest: 9n });
  });

  test('a type that no release up to 3.9 has', () => {
    expect(() => decodeTxn(header(99).take())).toThrow(/type 99 is not known/);
  });
});
