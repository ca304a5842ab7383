import { ChunkQueue } from '../jute/chunk-queue.ts';
import { JuteError } from '../jute/errors.ts';
import { SnapshotBodyReader, type SnapshotVisitor } from '../snapshot/body.ts';
import { measurePacket, packetType, type QuorumPacket, readPacket } from './packet.ts';

export interface LearnerStreamVisitor extends SnapshotVisitor {
  packet(packet: QuorumPacket): void;
  /** The snapshot that the last packet announced is complete. */
  snapshotEnd(): void;
}

/** int 10 | "BenWasHere": ends the body of a SNAP. */
const signature = Buffer.from('\0\0\0\x0aBenWasHere');

type Mode = 'packets' | 'body' | 'signature';

/**
 * What a leader sends, from the first byte on: packets, and after a SNAP packet the body of a snapshot. Fed with pieces
 * of any size; reports each element once it is complete. Without `readsSnapshot` bodies are only stepped over.
 *
 * @throws JuteError from `push` when the bytes are no such stream; nothing after them can be read
 */
export class LearnerStream {
  readonly #visitor: LearnerStreamVisitor;
  readonly #readsSnapshot: boolean;
  readonly #queue = new ChunkQueue();
  #mode: Mode = 'packets';
  #body = new SnapshotBodyReader();
  #needed = 1;

  constructor(visitor: LearnerStreamVisitor, options: { readonly readsSnapshot: boolean }) {
    this.#visitor = visitor;
    this.#readsSnapshot = options.readsSnapshot;
  }

  /** Bytes of elements that are not complete yet. */
  get pendingBytes(): number {
    return this.#queue.length;
  }

  /** What is reported are views of `chunk`, which therefore must not change any more. */
  push(chunk: Buffer): void {
    this.#queue.push(chunk);
    while (this.#queue.ensure(this.#needed)) {
      const length = this.#step();
      if (length < 0) {
        this.#needed = -length;
        if (this.#queue.length < this.#needed) return;
        continue;
      }
      this.#needed = 1;
    }
  }

  #step(): number {
    switch (this.#mode) {
      case 'packets':
        return this.#packet();
      case 'body':
        return this.#bodyElement();
      case 'signature':
        return this.#signature();
    }
  }

  #packet(): number {
    const { bytes, offset } = this.#queue;
    const length = measurePacket(bytes, offset);
    if (length < 0) return length;
    this.#queue.consume(length);
    const packet = readPacket(bytes, offset);
    if (packet.type === packetType.snap) {
      this.#mode = 'body';
      this.#body = new SnapshotBodyReader(this.#readsSnapshot ? this.#visitor : undefined);
    }
    this.#visitor.packet(packet);
    return length;
  }

  #bodyElement(): number {
    const length = this.#body.step(this.#queue.bytes, this.#queue.offset);
    if (length > 0) this.#queue.consume(length);
    if (this.#body.done) this.#mode = 'signature';
    return length;
  }

  #signature(): number {
    const { bytes, offset } = this.#queue;
    const end = offset + signature.length;
    if (end > bytes.length) return -signature.length;
    if (bytes.compare(signature, 0, signature.length, offset, end) !== 0) {
      throw new JuteError('the snapshot does not end with its signature');
    }
    this.#queue.consume(signature.length);
    this.#mode = 'packets';
    this.#visitor.snapshotEnd();
    return signature.length;
  }
}
