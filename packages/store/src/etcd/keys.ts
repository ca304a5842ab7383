/** The store's keys within a namespace of etcd's. */

export interface KeySpace {
  encode(key: string): Buffer;
  decode(key: Buffer): string;
}

export function keySpace(namespace: string): KeySpace {
  const { length } = Buffer.from(namespace);
  return {
    encode: (key) => Buffer.from(namespace + key),
    decode: (key) => key.toString('utf8', length),
  };
}

/** All keys that begin with `prefix`, in etcd's terms: a single NUL is the first key, and as an end "all". */
export function rangeOf(prefix: Buffer): { key: Buffer; range_end: Buffer } {
  return { key: prefix.length === 0 ? Buffer.of(0) : prefix, range_end: rangeEnd(prefix) };
}

function rangeEnd(prefix: Buffer): Buffer {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] ?? 0xff;
    if (last < 0xff) return Buffer.concat([prefix.subarray(0, length - 1), Buffer.of(last + 1)]);
  }
  return Buffer.of(0);
}

/** The first key after `key`. */
export const successor = (key: Buffer): Buffer => Buffer.concat([key, Buffer.of(0)]);
