import type { BlockPool } from './blocks.ts';

/** One after the other they are the whole. Blocks of a pool: give each back when it is sent. */
export interface Parts {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
}

/** Of a length of 32 bits, all of them written. */
const lengthBytes = 5;

/** A length that is written when it is known. */
export interface OpenLength {
  readonly block: Buffer;
  readonly at: number;
  readonly before: number;
}

/** Bytes one after the other, in blocks of a pool. */
export class BlockWriter {
  readonly #pool: BlockPool;
  readonly #parts: Buffer[] = [];
  #block: Buffer;
  #used = 0;
  #bytes = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.#block = pool.take();
  }

  append(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === this.#block.length) this.#next();
      const to = Math.min(bytes.length, from + this.#block.length - this.#used);
      this.#used += bytes.copy(this.#block, this.#used, from, to);
      from = to;
    }
    this.#bytes += bytes.length;
  }

  /** Room for the length of what is appended until `close`: a varint that takes all the bytes that one may have. */
  open(): OpenLength {
    if (this.#block.length - this.#used < lengthBytes) this.#next();
    const at = this.#used;
    this.#used += lengthBytes;
    this.#bytes += lengthBytes;
    return { block: this.#block, at, before: this.#bytes };
  }

  close({ block, at, before }: OpenLength): void {
    let rest = this.#bytes - before;
    for (let index = at; index < at + lengthBytes - 1; index++) {
      block[index] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    block[at + lengthBytes - 1] = rest;
  }

  finish(): Parts {
    this.#next();
    this.#pool.give(this.#block);
    return { parts: this.#parts, bytes: this.#bytes };
  }

  #next(): void {
    if (this.#used === 0) return;
    this.#parts.push(this.#block.subarray(0, this.#used));
    this.#block = this.#pool.take();
    this.#used = 0;
  }
}
