import { expect, test } from 'vitest';
import { bytesText, parseBytes } from './bytes-text.ts';

test.each([
  [0, '0B'],
  [1023, '1023B'],
  [2048, '2KB'],
  [1025 * 1024, '1025KB'],
  [3 * 2 ** 30, '3GB'],
])('%i bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  ['64MB', 64 * 2 ** 20],
  ['0B', 0],
  ['2 GB', 2 ** 31],
])('%s is read as %i', (text, bytes) => {
  expect(parseBytes('rate', text)).toBe(bytes);
});

test.each(['64', 'MB', '1.5GB', '-1B'])('%s is refused', (text) => {
  expect(() => parseBytes('rate', text)).toThrow('an amount such as 64MB');
});
