/** One large record must not make a writer hold on to as much memory for ever. */
const largestKeptBytes = 128 * 1024;

/** Up to this many characters a loop is faster than the runtime's own encoder. */
const shortString = 64;

/** Grows as needed; `bytes()` gives what was written. One writer may be used again and again after `reset()`. */
export class JuteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(initialCapacity = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(initialCapacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(extra: number): number {
    const start = this.#length;
    const needed = start + extra;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    this.#length = needed;
    return start;
  }

  byte(value: number): this {
    const at = this.#reserve(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  bool(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  int(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  long(value: bigint): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64BE(value, at);
    return this;
  }

  /** For safe integers, without the cost of a bigint. */
  longFromNumber(value: number): this {
    const at = this.#reserve(8);
    this.#bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
    this.#bytes.writeUInt32BE(value >>> 0, at + 4);
    return this;
  }

  buffer(value: Uint8Array | null): this {
    if (value === null) return this.int(-1);
    this.int(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  string(value: string): this {
    if (value.length <= shortString && this.#ascii(value)) return this;
    const length = Buffer.byteLength(value);
    this.int(length);
    const at = this.#reserve(length);
    this.#bytes.write(value, at, length, 'utf8');
    return this;
  }

  /** Most strings are paths: short and ASCII. A loop takes them several times faster than two calls out of JavaScript. */
  #ascii(value: string): boolean {
    const { length } = value;
    const start = this.#reserve(4 + length);
    const bytes = this.#bytes;
    for (let i = 0, at = start + 4; i < length; i++, at++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = start;
        return false;
      }
      bytes[at] = unit;
    }
    bytes.writeInt32BE(length, start);
    return true;
  }

  vector<T>(items: readonly T[], writeItem: (writer: JuteWriter, item: T) => void): this {
    this.int(items.length);
    for (const item of items) writeItem(this, item);
    return this;
  }

  /** Overwrites an int written before, as a frame's length is once it is known. */
  intAt(offset: number, value: number): this {
    this.#bytes.writeInt32BE(value, offset);
    return this;
  }

  /** A copy, safe to keep. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** Hands over the buffer itself without a copy; the writer starts anew with room for as much again. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(Math.max(256, this.#length), largestKeptBytes));
    this.#length = 0;
    return taken;
  }

  /** Forgets what was written from `length` on. */
  truncate(length: number): this {
    this.#length = Math.min(this.#length, length);
    return this;
  }

  reset(): this {
    this.#length = 0;
    return this;
  }
}
