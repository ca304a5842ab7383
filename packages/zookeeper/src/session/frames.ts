import { ZooKeeperError } from '../errors.ts';

export interface FrameHandlers {
  /** A complete frame; the bytes are valid during the call only. */
  onFrame(bytes: Buffer, start: number, end: number): void;
  /** A frame larger than allowed: its first bytes (at most 16). The rest is skipped, so the connection stays usable. */
  onOversized(head: Buffer, length: number): void;
}

const prefixBytes = 4;
const headBytes = 16;
/** A length that no server can mean: we are not talking to one, or have lost our place. */
const absurdBytes = 0x7fff_fff0;

/**
 * Cuts a byte stream into frames: int length | that many bytes. Fed with pieces of any size; a frame that lies whole in
 * one piece is handed on without a copy, another is gathered in a buffer of its own, never larger than `maxFrameBytes`.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #handlers: FrameHandlers;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixLength = 0;
  /** The frame being gathered. */
  #partial: Buffer | undefined;
  #partialLength = 0;
  /** Bytes of an oversized frame still to be skipped. */
  #skip = 0;
  #oversizedLength = 0;

  constructor(maxFrameBytes: number, handlers: FrameHandlers) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#handlers = handlers;
  }

  /** Throws `ProtocolError` when the stream cannot be frames. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#partial !== undefined) offset = this.#gather(this.#partial, chunk, offset);
      else if (this.#skip > 0) offset = this.#skipOver(chunk, offset);
      else if (this.#prefixLength > 0 || chunk.length - offset < prefixBytes)
        offset = this.#gatherPrefix(chunk, offset);
      else offset = this.#begin(chunk.readInt32BE(offset), chunk, offset + prefixBytes);
    }
  }

  #gatherPrefix(chunk: Buffer, offset: number): number {
    const taken = Math.min(prefixBytes - this.#prefixLength, chunk.length - offset);
    chunk.copy(this.#prefix, this.#prefixLength, offset, offset + taken);
    this.#prefixLength += taken;
    if (this.#prefixLength < prefixBytes) return offset + taken;
    this.#prefixLength = 0;
    return this.#begin(this.#prefix.readInt32BE(0), chunk, offset + taken);
  }

  /** A frame of `length` bytes starts at `offset`; gives where to go on. */
  #begin(length: number, chunk: Buffer, offset: number): number {
    if (length < 0 || length > absurdBytes) {
      throw new ZooKeeperError(
        'ProtocolError',
        `frame length ${length}: the peer does not speak ZooKeeper's client protocol`,
      );
    }
    if (length > this.#maxFrameBytes) {
      this.#oversizedLength = length;
      this.#startPartial(Math.min(length, headBytes));
      return offset;
    }
    const end = offset + length;
    if (end <= chunk.length) {
      this.#handlers.onFrame(chunk, offset, end);
      return end;
    }
    this.#startPartial(length);
    return offset;
  }

  #startPartial(length: number): void {
    this.#partial = Buffer.allocUnsafeSlow(length);
    this.#partialLength = 0;
  }

  #gather(partial: Buffer, chunk: Buffer, offset: number): number {
    const taken = Math.min(partial.length - this.#partialLength, chunk.length - offset);
    chunk.copy(partial, this.#partialLength, offset, offset + taken);
    this.#partialLength += taken;
    if (this.#partialLength === partial.length) {
      this.#partial = undefined;
      this.#finish(partial);
    }
    return offset + taken;
  }

  #finish(partial: Buffer): void {
    const oversized = this.#oversizedLength;
    if (oversized === 0) {
      this.#handlers.onFrame(partial, 0, partial.length);
      return;
    }
    this.#oversizedLength = 0;
    this.#skip = oversized - partial.length;
    this.#handlers.onOversized(partial, oversized);
  }

  #skipOver(chunk: Buffer, offset: number): number {
    const taken = Math.min(this.#skip, chunk.length - offset);
    this.#skip -= taken;
    return offset + taken;
  }
}
