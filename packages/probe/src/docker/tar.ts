/** Reads what the Engine's archive API answers: a tar archive, as a stream, headers one by one. */
import type { Readable } from 'node:stream';
import { ProbeError } from '../errors.ts';

export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  readonly mode: number;
  readonly modifiedMs: number;
  readonly target: string;
}

const blockBytes = 512;
/** Of a long name or of extended attributes. */
const largestExtension = 64 * 1024;

const types: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '5': 'folder',
  '2': 'link',
};

const broken = () => new ProbeError('the Docker Engine sent no tar archive', { code: 'invalid' });

/** Bytes of a stream in the pieces that are asked for. */
class Pieces {
  readonly #chunks: AsyncIterator<unknown>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Some bytes, `most` at most; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#rest = Buffer.from(value as Uint8Array);
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** @throws ProbeError `invalid` if the stream ends before */
  async exactly(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const piece = await this.some(left);
      if (piece === undefined) throw broken();
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }
}

const text = (bytes: Buffer) => bytes.toString('utf8').replace(/\0[\s\S]*$/, '');

/** Octal digits, or a big-endian number with the first bit set. */
function numberIn(bytes: Buffer): number {
  if (((bytes[0] ?? 0) & 0x80) === 0) return Number.parseInt(text(bytes).trim() || '0', 8);
  return bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
}

interface Extension {
  path?: string;
  linkpath?: string;
  size?: string;
}

/** `12 path=long/name\n` */
function extensionOf(bytes: Buffer): Extension {
  const found: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const [, length = ''] = /^(\d+) /.exec(bytes.toString('latin1', at, at + 12)) ?? [];
    if (length === '') break;
    const record = bytes.toString('utf8', at + length.length + 1, at + Number(length) - 1);
    const [key = '', ...value] = record.split('=');
    found[key] = value.join('=');
    at += Number(length);
  }
  return found;
}

export interface TarReader {
  /** The next entry; what is left of the one before is passed over. Undefined at the end. */
  next(): Promise<TarEntry | undefined>;
  /** Some bytes of the entry; undefined after the last. */
  content(): Promise<Buffer | undefined>;
}

export function readTar(stream: Readable): TarReader {
  const pieces = new Pieces(stream);
  let left = 0;
  let padding = 0;

  const content = async (): Promise<Buffer | undefined> => {
    if (left === 0) return undefined;
    const piece = await pieces.some(left);
    if (piece === undefined) throw broken();
    left -= piece.length;
    return piece;
  };

  const whole = async (): Promise<Buffer> => {
    if (left > largestExtension) throw broken();
    const bytes = await pieces.exactly(left);
    left = 0;
    return bytes;
  };

  const header = async (): Promise<Buffer> => {
    while ((await content()) !== undefined); // nobody has asked for it
    if (padding > 0) await pieces.exactly(padding);
    const bytes = await pieces.exactly(blockBytes);
    const size = numberIn(bytes.subarray(124, 136));
    left = size;
    padding = (blockBytes - (size % blockBytes)) % blockBytes;
    return bytes;
  };

  return {
    content,
    async next() {
      let extension: Extension = {};
      for (;;) {
        const bytes = await header();
        if (bytes.every((byte) => byte === 0)) return undefined;
        const type = bytes.toString('latin1', 156, 157);
        if (type === 'x') extension = { ...extension, ...extensionOf(await whole()) };
        else if (type === 'L') extension = { ...extension, path: text(await whole()) };
        else if (type === 'K') extension = { ...extension, linkpath: text(await whole()) };
        else if (type === 'g') await whole();
        else {
          const prefix = text(bytes.subarray(345, 500));
          const name = text(bytes.subarray(0, 100));
          if (extension.size !== undefined) {
            left = Number(extension.size);
            padding = (blockBytes - (left % blockBytes)) % blockBytes;
          }
          return {
            name: extension.path ?? (prefix === '' ? name : `${prefix}/${name}`),
            type: types[type] ?? 'other',
            size: left,
            mode: numberIn(bytes.subarray(100, 108)) & 0o7777,
            modifiedMs: numberIn(bytes.subarray(136, 148)) * 1000,
            target: extension.linkpath ?? text(bytes.subarray(157, 257)),
          };
        }
      }
    },
  };
}
