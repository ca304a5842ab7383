/**
 * CRC-32 as `java.util.zip.CRC32` counts it, for the tree digest: CRC32(path + data + 60 bytes of stat). It can be continued
 * from any state, so that a change of the stat alone needs neither the path nor the data again.
 */
import { crc32 } from 'node:zlib';

const table = new Uint32Array(4 * 256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  table[byte] = value;
}
for (let byte = 0; byte < 256; byte++) {
  for (let lane = 1; lane < 4; lane++) {
    const before = table[(lane - 1) * 256 + byte] ?? 0;
    table[lane * 256 + byte] = (before >>> 8) ^ (table[before & 0xff] ?? 0);
  }
}

/** Under this length a loop beats the call into zlib. */
const shortBytes = 48;

/** Of a string's UTF-8 bytes. Paths are short and mostly ASCII, where no buffer is needed. */
export function crc32OfPath(path: string): number {
  let crc = -1;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code > 0x7f) return crc32(path);
    crc = (table[(crc ^ code) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** Continues `crc` over `bytes`. */
export function extendCrc32(crc: number, bytes: Uint8Array): number {
  if (bytes.length > shortBytes) return crc32(bytes, crc);
  let state = ~crc;
  for (let i = 0; i < bytes.length; i++) {
    state = (table[(state ^ (bytes[i] as number)) & 0xff] as number) ^ (state >>> 8);
  }
  return ~state >>> 0;
}

/** Continues `crc` over `length` bytes of `view`; `length` is a multiple of 4. */
export function extendCrc32OfWords(crc: number, view: DataView, offset: number, length: number): number {
  let state = ~crc;
  for (let at = offset; at < offset + length; at += 4) {
    state ^= view.getInt32(at, true);
    state =
      (table[768 + (state & 0xff)] as number) ^
      (table[512 + ((state >>> 8) & 0xff)] as number) ^
      (table[256 + ((state >>> 16) & 0xff)] as number) ^
      (table[state >>> 24] as number);
  }
  return ~state >>> 0;
}
