import { expect, test } from 'vitest';
import { GrowingBuffer } from './growing-buffer.ts';

test('bytes are taken from the front, whatever parts they came in', () => {
  const buffer = new GrowingBuffer();
  for (const part of ['one', 'two', 'three']) buffer.append(Buffer.from(part));
  buffer.take(4);
  expect([buffer.bytes.toString(), buffer.length]).toEqual(['wothree', 7]);
});

test('what was taken is not kept', () => {
  const buffer = new GrowingBuffer();
  buffer.append(Buffer.alloc(1_000));
  buffer.append(Buffer.alloc(1_000));
  const taken = buffer.bytes;
  buffer.take(2_000);
  expect([taken.length, buffer.length, buffer.bytes.buffer.byteLength]).toEqual([2_000, 0, 0]);
  buffer.append(Buffer.from('next'));
  expect(buffer.bytes.toString()).toBe('next');
});
