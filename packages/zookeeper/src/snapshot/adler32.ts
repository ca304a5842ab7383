const modulus = 65_521;
/** So many bytes can be added before the sums must be reduced to stay exact in 31 bits. */
const largestRun = 3800;

/** The checksum that seals a snapshot file. */
export class Adler32 {
  #low = 1;
  #high = 0;

  update(bytes: Uint8Array, start = 0, end = bytes.length): void {
    let low = this.#low;
    let high = this.#high;
    for (let at = start; at < end; ) {
      const runEnd = Math.min(at + largestRun, end);
      for (; at < runEnd; at++) {
        low += bytes[at] as number;
        high += low;
      }
      low %= modulus;
      high %= modulus;
    }
    this.#low = low;
    this.#high = high;
  }

  /** Unsigned. */
  get value(): number {
    return this.#high * 0x1_0000 + this.#low;
  }
}
