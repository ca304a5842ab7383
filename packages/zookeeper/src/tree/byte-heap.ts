/**
 * Keeps many small values without an object for each: a million buffers of 100 bytes would cost three times their content.
 * Values live in slabs, in blocks of a few sizes; a freed block is used again for the next value of its size.
 */
const slabBytes = 1 << 20;
const unit = 16;
/** A value over this has a buffer of its own. */
const largestBlock = 1 << 16;

/** Block sizes grow by an eighth, so at most that share of a block is unused, in steps of 16 bytes. */
const blockSizes: number[] = [];
for (let size = unit; size < largestBlock; ) {
  blockSizes.push(size);
  size = Math.max(size + unit, Math.ceil((size * 9) / 8 / unit) * unit);
}
blockSizes.push(largestBlock);

/** For each length in units, the index of the smallest block that holds it. */
const classOfUnits = new Uint16Array(largestBlock / unit + 1);
for (let units = 0, index = 0; units < classOfUnits.length; units++) {
  while ((blockSizes[index] as number) < units * unit) index++;
  classOfUnits[units] = index;
}

export class ByteHeap {
  #slabs: Buffer[] = [];
  #slabUsed = slabBytes;
  readonly #free: number[][] = blockSizes.map(() => []);
  readonly #large = new Map<number, Buffer>();
  #nextLarge = -1;

  /** A reference to a copy of `bytes`, for `read` and `release`; 0 for an empty value. */
  store(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    if (bytes.length > largestBlock) {
      const reference = this.#nextLarge--;
      this.#large.set(reference, Buffer.from(bytes));
      return reference;
    }
    const reference = this.#takeBlock(classOf(bytes.length));
    const { slab, offset } = this.#locate(reference);
    slab.set(bytes, offset);
    return reference;
  }

  /** A copy of the value. */
  read(reference: number, length: number): Buffer {
    if (reference === 0) return Buffer.alloc(0);
    const large = this.#large.get(reference);
    if (large !== undefined) return Buffer.from(large);
    const { slab, offset } = this.#locate(reference);
    return Buffer.from(slab.subarray(offset, offset + length));
  }

  release(reference: number, length: number): void {
    if (reference === 0) return;
    if (reference < 0) this.#large.delete(reference);
    else this.#free[classOf(length)]?.push(reference);
  }

  clear(): void {
    this.#slabs = [];
    this.#slabUsed = slabBytes;
    for (const list of this.#free) list.length = 0;
    this.#large.clear();
  }

  #takeBlock(sizeClass: number): number {
    const reused = this.#free[sizeClass]?.pop();
    if (reused !== undefined) return reused;
    const size = blockSizes[sizeClass] as number;
    if (this.#slabUsed + size > slabBytes) {
      this.#slabs.push(Buffer.allocUnsafeSlow(slabBytes));
      this.#slabUsed = 0;
    }
    const offset = (this.#slabs.length - 1) * slabBytes + this.#slabUsed;
    this.#slabUsed += size;
    // One is added so that no reference is 0; in units it fits 31 bits up to 32 GiB.
    return offset / unit + 1;
  }

  #locate(reference: number): { slab: Buffer; offset: number } {
    const position = (reference - 1) * unit;
    const slab = this.#slabs[Math.floor(position / slabBytes)];
    if (slab === undefined) throw new RangeError(`no value at reference ${reference}`);
    return { slab, offset: position % slabBytes };
  }
}

function classOf(length: number): number {
  return classOfUnits[Math.ceil(length / unit)] as number;
}
