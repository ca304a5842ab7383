const nothing = Buffer.alloc(0);

/**
 * Bytes that come in parts and are taken from the front. Room doubles, so that many small parts cost what they weigh;
 * nothing is moved in place, so that views of what was taken stay what they are.
 */
export class GrowingBuffer {
  #room: Buffer = nothing;
  #start = 0;
  #end = 0;
  /** The room is ours to write to, not somebody's part. */
  #own = false;

  /** All that has not been taken. */
  get bytes(): Buffer {
    return this.#room.subarray(this.#start, this.#end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  append(part: Buffer): void {
    if (this.#start === this.#end) {
      // Nothing is left over nearly always: the part itself will do.
      this.#room = part;
      this.#start = 0;
      this.#end = part.length;
      this.#own = false;
      return;
    }
    const needed = this.#end - this.#start + part.length;
    if (this.#end + part.length > this.#room.length || !this.#own) {
      const room = Buffer.allocUnsafe(Math.max(2 * needed, 4_096));
      this.#room.copy(room, 0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      this.#room = room;
      this.#own = true;
    }
    part.copy(this.#room, this.#end);
    this.#end += part.length;
  }

  take(length: number): void {
    this.#start += length;
    // Not kept until something else comes: there are thousands of connections, and most are silent for long.
    if (this.#start !== this.#end) return;
    this.#room = nothing;
    this.#start = 0;
    this.#end = 0;
  }
}
