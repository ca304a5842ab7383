import { expect, test } from 'vitest';
import { BlockWriter } from './block-writer.ts';
import { BlockPool } from './blocks.ts';

test('bytes fill blocks, lengths are written when they are known', () => {
  const writer = new BlockWriter(new BlockPool(8));
  writer.append(Buffer.from('four'));
  const outer = writer.open(); // does not fit
  writer.append(Buffer.from('longer than a block'));
  const inner = writer.open();
  writer.close(inner);
  writer.close(outer);
  const { parts, bytes } = writer.finish();
  const padded = (length: number) => String.fromCharCode(length | 0x80, 0x80, 0x80, 0x80, 0);
  const text = Buffer.concat(parts).toString('latin1');
  expect(text).toBe(`four${padded(24)}longer than a block${padded(0)}`);
  expect(bytes).toBe(text.length);
  expect(parts.map(({ length }) => length)).toEqual([4, 8, 8, 8, 5]);
});

test('nothing is no part', () => {
  const pool = new BlockPool();
  const { parts, bytes } = new BlockWriter(pool).finish();
  expect([parts, bytes]).toEqual([[], 0]);
});
