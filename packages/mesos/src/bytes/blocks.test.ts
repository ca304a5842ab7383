import { expect, test } from 'vitest';
import { BlockPool, blockLimits, inBlocks } from './blocks.ts';

test('pieces come out in blocks, the long ones by themselves', () => {
  const pieces = ['one', 'two', '', 'x'.repeat(40), 'ä€𝄞', 'end'];
  const blocks = [...inBlocks(pieces, new BlockPool(30))];
  expect(Buffer.concat(blocks).toString()).toBe(pieces.join(''));
  expect(blocks.map(({ length }) => length)).toEqual([0, 6, 40, 12]);
});

test('a block that was given back is used again, once', () => {
  const pool = new BlockPool();
  const block = pool.take();
  const { buffer } = block;
  pool.give(block.subarray(0, 10));
  pool.give(block);
  expect(pool.take().buffer).toBe(buffer);
  expect(pool.take().buffer).not.toBe(buffer);
});

test('memory of others is left alone', () => {
  const pool = new BlockPool();
  const foreign = Buffer.alloc(blockLimits.bytes);
  pool.give(foreign);
  expect(pool.take().buffer).not.toBe(foreign.buffer);
});

test('no more blocks wait than the limit says', () => {
  const pool = new BlockPool(8);
  const blocks = Array.from({ length: blockLimits.waiting + 1 }, () => pool.take());
  for (const block of blocks) pool.give(block);
  const known = new Set(blocks.map(({ buffer }) => buffer));
  const again = blocks.map(() => pool.take());
  expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(blockLimits.waiting);
});
