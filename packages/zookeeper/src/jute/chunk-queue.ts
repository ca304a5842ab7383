/**
 * Bytes as they come off a socket, seen as one run. Chunks are joined only once what is asked for is there, so that a value
 * that arrives in many pieces is copied once.
 */
export class ChunkQueue {
  #head: Buffer = Buffer.alloc(0);
  #offset = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;

  /** Bytes not consumed yet. */
  get length(): number {
    return this.#head.length - this.#offset + this.#tailBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#offset === this.#head.length && this.#tailBytes === 0) {
      this.#head = chunk;
      this.#offset = 0;
    } else {
      this.#tail.push(chunk);
      this.#tailBytes += chunk.length;
    }
  }

  /** Makes at least `needed` bytes readable at `offset` of `bytes`; false when they have not all arrived. */
  ensure(needed: number): boolean {
    if (this.#head.length - this.#offset >= needed) return true;
    if (this.length < needed) return false;
    this.#head = Buffer.concat([this.#head.subarray(this.#offset), ...this.#tail]);
    this.#offset = 0;
    this.#tail = [];
    this.#tailBytes = 0;
    return true;
  }

  get bytes(): Buffer {
    return this.#head;
  }

  get offset(): number {
    return this.#offset;
  }

  consume(length: number): void {
    this.#offset += length;
  }

  clear(): void {
    this.#head = Buffer.alloc(0);
    this.#offset = 0;
    this.#tail = [];
    this.#tailBytes = 0;
  }
}
