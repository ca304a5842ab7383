/** The sum of the nodes' CRCs modulo 2^64, in two halves: nothing is allocated on the path of a write. */
export class DigestSum {
  #high = 0;
  #low = 0;

  /** `crc` is unsigned. */
  add(crc: number): void {
    this.#low += crc;
    if (this.#low < 0x1_0000_0000) return;
    this.#low -= 0x1_0000_0000;
    this.#high = (this.#high + 1) >>> 0;
  }

  subtract(crc: number): void {
    this.#low -= crc;
    if (this.#low >= 0) return;
    this.#low += 0x1_0000_0000;
    this.#high = (this.#high - 1) >>> 0;
  }

  equals(digest: bigint): boolean {
    return (
      Number(BigInt.asUintN(32, digest)) === this.#low &&
      Number(BigInt.asUintN(64, digest) >> 32n) === this.#high
    );
  }

  /** Signed, as the servers write it. */
  get value(): bigint {
    return BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low));
  }

  clear(): void {
    this.#high = 0;
    this.#low = 0;
  }
}

/**
 * What is known about a mirror.
 *
 * - `fuzzy`: a snapshot shows each node at a slightly different time; transactions up to the end of that window may not
 *   match yet.
 * - `consistent`: the window has passed; no digest has confirmed it (3.5 and older, digests off, or nothing written since).
 * - `verified`: the server's digest was equal after the latest transaction that carried one.
 * - `mismatch`: it was not, past the window. The mirror cannot be trusted and must be loaded anew.
 */
export type MirrorState = 'fuzzy' | 'consistent' | 'verified' | 'mismatch';

export interface DigestMismatch {
  readonly zxid: bigint;
  readonly expected: bigint;
  readonly actual: bigint;
}
