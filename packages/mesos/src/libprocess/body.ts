/** Bytes of a request body as they come, framed by its length or in chunks. */
export interface BodyReader {
  /** The offset after what belongs to the body; -1 while it is not whole; throws `MalformedBody`. */
  read(bytes: Buffer, from: number): number;
  take(): Buffer;
}

export class MalformedBody extends Error {
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string) {
    super(message);
    this.name = 'MalformedBody';
    this.status = status;
  }
}

const tooLarge = (largestBytes: number) =>
  new MalformedBody(413, `a message is larger than the ${largestBytes} bytes allowed`);

export function sizedBody(size: number, largestBytes: number): BodyReader {
  if (size > largestBytes) throw tooLarge(largestBytes);
  let body: Buffer = Buffer.alloc(0);
  return {
    read(bytes, from) {
      if (bytes.length - from < size) return -1;
      body = bytes.subarray(from, from + size);
      return from + size;
    },
    take: () => body,
  };
}

const lineEnd = Buffer.from('\r\n');
/** Digits of a chunk size, with room for an extension that nobody uses. */
const longestSizeLine = 64;

/** Lines after the last chunk, which nobody here wants to know. */
const longestTrailer = 16_384;

/** The offset after the blank line that ends the trailer; -1 while it is not there. */
function trailerEnd(bytes: Buffer, from: number): number {
  for (let at = from; ; ) {
    const end = bytes.indexOf(lineEnd, at);
    if (end === at) return end + lineEnd.length;
    if ((end === -1 ? bytes.length : end) - from > longestTrailer) {
      throw new MalformedBody(400, 'the trailer does not end');
    }
    if (end === -1) return -1;
    at = end + lineEnd.length;
  }
}

/** What libprocess sends: one chunk, then the empty one. Any number of chunks is read. */
export function chunkedBody(largestBytes: number): BodyReader {
  const parts: Buffer[] = [];
  let total = 0;

  /** Size of the chunk whose line ends at `end`. */
  function sizeFrom(line: string): number {
    const digits = line.split(';', 1)[0]?.trim() ?? '';
    if (!/^[0-9a-f]{1,8}$/i.test(digits)) {
      throw new MalformedBody(400, `${JSON.stringify(line)} is no chunk size`);
    }
    return Number.parseInt(digits, 16);
  }

  return {
    // Reads from the beginning each time: bodies come in one piece nearly always.
    read(bytes, from) {
      parts.length = 0;
      total = 0;
      let at = from;
      while (true) {
        const end = bytes.indexOf(lineEnd, at);
        if (end === -1 && bytes.length - at > longestSizeLine) {
          throw new MalformedBody(400, 'a chunk has no size');
        }
        if (end === -1) return -1;
        const size = sizeFrom(bytes.toString('latin1', at, end));
        total += size;
        if (total > largestBytes) throw tooLarge(largestBytes);
        const data = end + lineEnd.length;
        if (size === 0) return trailerEnd(bytes, data);
        const after = data + size;
        if (bytes.length < after + lineEnd.length) return -1;
        if (bytes[after] !== 0x0d || bytes[after + 1] !== 0x0a) {
          throw new MalformedBody(400, 'a chunk is not as long as it says');
        }
        parts.push(bytes.subarray(data, after));
        at = after + lineEnd.length;
      }
    },
    take: () => (parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)),
  };
}
