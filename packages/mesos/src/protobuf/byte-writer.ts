const byteWriterLimits = {
  /** Of the memory to begin with; it doubles. */
  firstBytes: 32 * 1024,
  /** That stay with the writer for what it writes next. */
  keptBytes: 1024 * 1024,
} as const;

/** Of a text that is shorter, a loop over its characters is faster than a call. */
const shortText = 48;
const longestVarint = 10;
const mostBytesEach = 3;
const least64 = -(2n ** 63n);
const most64 = 2n ** 63n - 1n;
const mostUnsigned64 = 2n ** 64n - 1n;

const whole = new BigInt64Array(1);
const halves = new Uint32Array(whole.buffer);

/** Protobuf's values one after the other, in memory that is used again: an array for each message is what collectors fear. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(byteWriterLimits.firstBytes);
  #at = 0;

  /** Of what was written. */
  get length(): number {
    return this.#at;
  }

  /** A view of what was written: right until the next word to this writer. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Begins anew. */
  reset(): void {
    this.#at = 0;
    if (this.#bytes.length > byteWriterLimits.keptBytes) {
      this.#bytes = Buffer.allocUnsafeSlow(byteWriterLimits.firstBytes);
    }
  }

  /** @throws RangeError for what is no number of 32 bits, here and below */
  uint32(value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no uint32`);
    this.#ensure(longestVarint);
    this.#varint(value, 0);
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no int32`);
    this.#ensure(longestVarint);
    this.#varint(value >>> 0, value < 0 ? 0xffff_ffff : 0);
  }

  int64(value: bigint): void {
    if (value < least64 || value > most64) throw new RangeError(`${value} is no int64`);
    this.#varint64(value);
  }

  uint64(value: bigint): void {
    if (value < 0n || value > mostUnsigned64) throw new RangeError(`${value} is no uint64`);
    this.#varint64(value);
  }

  bool(value: boolean): void {
    this.#ensure(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  double(value: number): void {
    this.#ensure(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  string(value: string): void {
    if (value.length < shortText && this.#ascii(value)) return;
    const start = this.open();
    this.#ensure(value.length * mostBytesEach);
    this.#at += this.#bytes.write(value, this.#at);
    this.close(start);
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.raw(value);
  }

  /** As they are, without their length. */
  raw(value: Uint8Array): void {
    this.#ensure(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** What is written from here until `close` has its length before it. */
  open(): number {
    this.#ensure(1);
    return this.#at++;
  }

  /** @param start - what `open` gave */
  close(start: number): void {
    const length = this.#at - start - 1;
    let lengthBytes = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) lengthBytes++;
    if (lengthBytes > 1) {
      this.#ensure(lengthBytes - 1);
      this.#bytes.copyWithin(start + lengthBytes, start + 1, this.#at);
    }
    this.#at = start;
    this.#varint(length, 0);
    this.#at += length;
  }

  /** False, and nothing is written, where there is more than ASCII. */
  #ascii(value: string): boolean {
    this.#ensure(shortText);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = value.length;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #varint64(value: bigint): void {
    whole[0] = value;
    this.#ensure(longestVarint);
    this.#varint(halves[0] ?? 0, halves[1] ?? 0);
  }

  /** Of both halves of 64 bits; there is room. */
  #varint(low: number, high: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let [rest, above] = [low, high];
    while (above > 0 || rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (above << 25)) >>> 0;
      above >>>= 7;
    }
    bytes[at++] = rest;
    this.#at = at;
  }

  #ensure(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
