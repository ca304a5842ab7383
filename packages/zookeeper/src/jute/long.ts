import { endianness } from 'node:os';

const words = new Int32Array(2);
const longs = new BigInt64Array(words.buffer);
const [high, low] = endianness() === 'LE' ? [1, 0] : [0, 1];

/** A signed 64-bit integer from its halves: several times faster than the arithmetic of `readBigInt64BE`. */
export function joinLong(highWord: number, lowWord: number): bigint {
  words[high] = highWord;
  words[low] = lowWord;
  return longs[0] ?? 0n;
}
