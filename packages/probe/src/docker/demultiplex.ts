import { Transform } from 'node:stream';

const headerBytes = 8;

/**
 * The output of a container without a terminal comes in frames - stream (1 byte), three zeros, length (4 bytes, big-endian) -
 * and leaves as plain bytes, both streams in the order in which they came.
 */
export function demultiplex(): Transform {
  let header = Buffer.alloc(0);
  let left = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let rest = chunk;
      while (rest.length > 0) {
        if (left > 0) {
          const part = rest.subarray(0, left);
          this.push(part);
          left -= part.length;
          rest = rest.subarray(part.length);
          continue;
        }
        const missing = headerBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < headerBytes) break;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      }
      done();
    },
  });
}
