export const blockLimits = {
  /** Of a block. */
  bytes: 64 * 1024,
  /** Blocks that wait for their next use: an answer of 16 MB. What comes back beyond them is the garbage collector's. */
  waiting: 256,
} as const;

/** Of a character of UTF-16 in UTF-8. */
const mostBytesEach = 3;
const nothing = Buffer.alloc(0);

/**
 * Memory for answers of megabytes, used again when they are sent. Memory outside of the heap is what sets off collections of
 * the whole heap: two answers of 30 MB do, and a collection of 200 MB keeps everybody for some 20 ms.
 */
export class BlockPool {
  readonly #blockBytes: number;
  readonly #waiting: Buffer[] = [];
  /** Ours, and not back yet. Weak: what its reader does not give back is not kept from the collector. */
  readonly #taken = new WeakSet<ArrayBufferLike>();

  constructor(blockBytes: number = blockLimits.bytes) {
    this.#blockBytes = blockBytes;
  }

  /** With whatever was in it before. */
  take(): Buffer {
    const block = this.#waiting.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes);
    this.#taken.add(block.buffer);
    return block;
  }

  /** A block, or the beginning of one, that nobody reads any more. Anything else is left alone. */
  give({ buffer }: Uint8Array): void {
    if (!this.#taken.delete(buffer) || this.#waiting.length >= blockLimits.waiting) return;
    this.#waiting.push(Buffer.from(buffer));
  }
}

/**
 * Small pieces cost a write each: they are put together to blocks. Written one by one, as to join texts first copies each
 * once more. An empty piece stands for work of its own, and comes out as an empty block.
 */
export function* inBlocks(pieces: Iterable<string>, pool: BlockPool): Generator<Buffer> {
  let block = pool.take();
  let used = 0;
  for (const piece of pieces) {
    if (piece === '') {
      yield nothing;
      continue;
    }
    const mostBytes = piece.length * mostBytesEach;
    if (used > 0 && used + mostBytes > block.length) {
      yield block.subarray(0, used);
      block = pool.take();
      used = 0;
    }
    if (mostBytes > block.length) yield Buffer.from(piece);
    else used += block.write(piece, used);
  }
  if (used > 0) yield block.subarray(0, used);
  else pool.give(block);
}
