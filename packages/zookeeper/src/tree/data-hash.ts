/**
 * A 64-bit hash of a value in two lanes, to tell whether two copies hold the same data without keeping it. Not
 * cryptographic: it finds differences, not forgeries. Null and empty data hash alike, as clients can hardly tell them apart.
 */
export interface DataHash {
  /** Signed 32-bit halves. */
  high: number;
  low: number;
}

const mixed: DataHash = { high: 0, low: 0 };

function finish(a: number, b: number, length: number): DataHash {
  let high = a ^ length;
  let low = b ^ length;
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  mixed.high = high ^ (high >>> 15);
  mixed.low = low ^ (low >>> 15);
  return mixed;
}

/** The result is one shared object, overwritten by the next call: on the path of every write nothing is allocated. */
export function hashData(data: Uint8Array | null): DataHash {
  if (data === null) return finish(0x3c6ef372, 0x1b873593, 0);
  let a = 0x3c6ef372;
  let b = 0x1b873593;
  const words = data.length & ~3;
  let at = 0;
  for (; at < words; at += 4) {
    const word =
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24);
    a = Math.imul(a ^ word, 0x9e3779b1);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ word, 0x5f356495);
    b = (b << 17) | (b >>> 15);
  }
  for (; at < data.length; at++) {
    const byte = data[at] as number;
    a = Math.imul(a ^ byte, 0x9e3779b1);
    b = Math.imul(b ^ byte, 0x5f356495);
    b = (b << 17) | (b >>> 15);
  }
  return finish(a, b, data.length);
}

/** The same hash of a string's UTF-16 code units; for paths and other short keys. */
export function hashText(text: string): DataHash {
  let a = 0x3c6ef372;
  let b = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
    b = (b << 17) | (b >>> 15);
  }
  return finish(a, b, text.length);
}

/** As the unsigned 64-bit number that the API shows. */
export function hashAsBigint(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function dataHash(data: Uint8Array | null): bigint {
  const hash = hashData(data);
  return hashAsBigint(hash.high, hash.low);
}
