import { JuteError } from './errors.ts';
import { joinLong } from './long.ts';

/**
 * A cursor over one complete jute record. Integers are big-endian; a buffer or string is its length as an int, then its
 * bytes; -1 stands for null.
 *
 * Reading past the end, a negative count or a length over what is left throws {@link JuteError}: nothing that a peer sends
 * makes us allocate more than it sent.
 */
export class JuteReader {
  #bytes: Buffer;
  #offset: number;
  #end: number;

  constructor(bytes: Buffer, offset = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }

  /** Takes up another record, so that a busy connection needs one reader only. */
  reset(bytes: Buffer, offset: number, end: number): this {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
    return this;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  #advance(length: number): number {
    const start = this.#offset;
    if (length > this.#end - start) {
      throw new JuteError(`record ends early: ${length} bytes wanted at ${start}, ${this.remaining} left`);
    }
    this.#offset = start + length;
    return start;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  bool(): boolean {
    return this.byte() !== 0;
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  long(): bigint {
    const start = this.#advance(8);
    return joinLong(this.#bytes.readInt32BE(start), this.#bytes.readInt32BE(start + 4));
  }

  /** For longs known to be small enough, as times are; throws over 2^53. */
  longAsNumber(): number {
    const start = this.#advance(8);
    const high = this.#bytes.readInt32BE(start);
    const value = high * 0x1_0000_0000 + this.#bytes.readUInt32BE(start + 4);
    if (!Number.isSafeInteger(value)) throw new JuteError(`long at ${start} is over 2^53`);
    return value;
  }

  /** A view of the record's own bytes, not a copy; `null` for length -1. */
  buffer(): Buffer | null {
    const length = this.int();
    if (length === -1) return null;
    if (length < 0) throw new JuteError(`buffer length ${length} at ${this.#offset - 4}`);
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** As {@link buffer}, but a copy: for values that outlive the bytes they were read from. */
  bufferCopy(): Buffer | null {
    const view = this.buffer();
    return view === null ? null : Buffer.from(view);
  }

  /** Null strings read as empty, as the servers treat them. */
  string(): string {
    const length = this.int();
    if (length === -1) return '';
    if (length < 0) throw new JuteError(`string length ${length} at ${this.#offset - 4}`);
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** Steps over the next bytes if they are `expected`; otherwise stays. */
  takeIf(expected: Uint8Array): boolean {
    const end = this.#offset + expected.length;
    if (
      end > this.#bytes.length ||
      this.#bytes.compare(expected, 0, expected.length, this.#offset, end) !== 0
    )
      return false;
    this.#offset = end;
    return true;
  }

  /** A null vector reads as empty. `minimumItemBytes` bounds the count by what is left of the record. */
  vector<T>(readItem: (reader: JuteReader) => T, minimumItemBytes = 1): T[] {
    const count = this.int();
    if (count === -1) return [];
    if (count < 0 || count * minimumItemBytes > this.remaining) {
      throw new JuteError(`vector of ${count} items at ${this.#offset - 4}, ${this.remaining} bytes left`);
    }
    const items = new Array<T>(count);
    for (let i = 0; i < count; i++) items[i] = readItem(this);
    return items;
  }
}
