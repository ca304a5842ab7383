import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ZooKeeperError } from '../errors.ts';
import { ChunkQueue } from '../jute/chunk-queue.ts';
import { JuteError } from '../jute/errors.ts';
import { Adler32 } from './adler32.ts';
import { SnapshotBodyReader, type SnapshotVisitor } from './body.ts';
import { digestVersion, fileMagic } from './write.ts';

export interface ReadSnapshot {
  /** What the server noted of its digest; absent in files of 3.5 and older, and in those taken before any write. */
  readonly digest: { readonly zxid: bigint; readonly digest: bigint } | undefined;
  readonly bytes: number;
}

const headerBytes = 16;
const sealBytes = 13;
const digestBytes = 20;

type Section = 'header' | 'body' | 'seal' | 'digest' | 'digestSeal' | 'rest';

class SnapshotFileReader {
  readonly #queue = new ChunkQueue();
  readonly #adler = new Adler32();
  readonly #body: SnapshotBodyReader;
  #section: Section = 'header';
  #bytes = 0;
  #digest: ReadSnapshot['digest'];

  constructor(visitor: SnapshotVisitor) {
    this.#body = new SnapshotBodyReader(visitor);
  }

  push(chunk: Buffer): void {
    this.#queue.push(chunk);
    for (let needed = 1; this.#queue.ensure(needed); ) {
      const length = this.#step();
      needed = length < 0 ? -length : 1;
      if (length < 0 && this.#queue.length < needed) return;
    }
  }

  end(): ReadSnapshot {
    const complete = this.#section === 'rest' || (this.#section === 'digest' && this.#queue.length === 0);
    if (!complete)
      throw new JuteError(`snapshot ends early, after ${this.#bytes} bytes, in its ${this.#section}`);
    return { digest: this.#digest, bytes: this.#bytes };
  }

  #step(): number {
    const { bytes, offset } = this.#queue;
    const available = bytes.length - offset;
    switch (this.#section) {
      case 'header':
        if (available < headerBytes) return -headerBytes;
        if (bytes.readInt32BE(offset) !== fileMagic) throw new JuteError('this is not a snapshot file');
        return this.#consume(headerBytes, 'body');
      case 'body': {
        const length = this.#body.step(bytes, offset);
        return length < 0 ? length : this.#consume(length, this.#body.done ? 'seal' : 'body');
      }
      case 'seal':
      case 'digestSeal':
        if (available < sealBytes) return -sealBytes;
        this.#checkSeal(bytes.readBigInt64BE(offset));
        return this.#consume(sealBytes, this.#section === 'seal' ? 'digest' : 'rest');
      case 'digest':
        if (available < digestBytes) return -digestBytes;
        this.#readDigest(bytes, offset);
        return this.#consume(digestBytes, 'digestSeal');
      case 'rest':
        // 3.9 notes its last zxid here once more.
        return this.#consume(available, 'rest');
    }
  }

  #consume(length: number, next: Section): number {
    const { bytes, offset } = this.#queue;
    this.#adler.update(bytes, offset, offset + length);
    this.#queue.consume(length);
    this.#bytes += length;
    this.#section = next;
    return length;
  }

  #checkSeal(sealed: bigint): void {
    if (sealed === BigInt(this.#adler.value)) return;
    throw new JuteError(`snapshot is damaged: checksum ${this.#adler.value}, sealed with ${sealed}`);
  }

  #readDigest(bytes: Buffer, offset: number): void {
    const zxid = bytes.readBigInt64BE(offset);
    const known = bytes.readInt32BE(offset + 8) === digestVersion;
    if (known && zxid > 0n) this.#digest = { zxid, digest: bytes.readBigInt64BE(offset + 12) };
  }
}

/**
 * Reads a snapshot file piece by piece and shows each session and node to `visitor`; what it shows are views of buffers.
 * Snapshots of a running server are fuzzy like those on the wire.
 *
 * @throws JuteError when the file is cut short, damaged, or no snapshot
 */
export async function readSnapshot(file: string, visitor: SnapshotVisitor): Promise<ReadSnapshot> {
  if (file.endsWith('.snappy')) {
    throw new ZooKeeperError(
      'InvalidOption',
      `${file} is compressed with snappy, which cannot be read; use gz or none`,
    );
  }
  const reader = new SnapshotFileReader(visitor);
  const consume = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) reader.push(chunk);
  };
  const stream = createReadStream(file, { highWaterMark: 256 * 1024 });
  if (file.endsWith('.gz')) await pipeline(stream, createGunzip(), consume);
  else await pipeline(stream, consume);
  return reader.end();
}
