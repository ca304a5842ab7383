/**
 * The archive's outer shape: a header, then chunks of AES-256-GCM.
 *
 *   file   = "ZKARC1\n" | int32 headerLength | header (JSON) | chunk*
 *   header = {"derivation": …, "chunkBytes": n, "nonce": base64 of 4 bytes, "createdMs": n}
 *   chunk  = int32 sealedLength | sealed | tag (16 bytes)
 *
 * The nonce of chunk n is the header's nonce followed by n as int64; its additional data is sha256(header), n and whether
 * it is the last one. A chunk that was changed, moved, repeated, left out or taken from another archive, a changed header
 * and an archive cut off at any byte are therefore all refused before anything of that chunk is used.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { MigrationError } from '../errors.ts';
import type { KeyDerivation } from './key.ts';

const magic = Buffer.from('ZKARC1\n');
const tagBytes = 16;
const maxHeaderBytes = 64 * 1024;
const chunkBytes = 1024 * 1024;
const maxChunkBytes = 16 * 1024 * 1024;

interface Header {
  readonly derivation: KeyDerivation;
  readonly chunkBytes: number;
  readonly nonce: string;
  readonly createdMs: number;
}

interface Sealing {
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly headerHash: Buffer;
}

const corrupt = (what: string, cause?: unknown) =>
  new MigrationError('corrupt', `the archive is refused: ${what}`, {
    cause,
    remedy: 'use another copy of the archive; nothing of the refused part was restored',
  });

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function chunkParts(sealing: Sealing, index: number, last: boolean) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(index));
  return {
    iv: Buffer.concat([sealing.nonce, counter]),
    additional: Buffer.concat([sealing.headerHash, counter, Buffer.from([last ? 1 : 0])]),
  };
}

function seal(sealing: Sealing, index: number, last: boolean, plain: Buffer): Buffer {
  const { iv, additional } = chunkParts(sealing, index, last);
  const cipher = createCipheriv('aes-256-gcm', sealing.key, iv, { authTagLength: tagBytes });
  cipher.setAAD(additional);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([int32(sealed.length), sealed, cipher.getAuthTag()]);
}

function open(sealing: Sealing, index: number, last: boolean, sealed: Buffer, tag: Buffer): Buffer {
  const { iv, additional } = chunkParts(sealing, index, last);
  const decipher = createDecipheriv('aes-256-gcm', sealing.key, iv, { authTagLength: tagBytes });
  decipher.setAAD(additional);
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch (cause) {
    const hint =
      index === 0 ? 'the key is not the one it was written with, or it was changed' : 'it was changed';
    throw corrupt(`chunk ${index} does not verify (${hint}, reordered or cut off)`, cause);
  }
}

export interface EncryptOptions {
  readonly key: Buffer;
  readonly derivation: KeyDerivation;
  readonly createdMs: number;
}

/** The bytes of the archive of `plain` (which is compressed already); holds one chunk in memory. */
export async function* encrypt(
  plain: AsyncIterable<Buffer>,
  options: EncryptOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const nonce = randomBytes(4);
  const { key, derivation, createdMs } = options;
  const header: Header = { derivation, chunkBytes, nonce: nonce.toString('base64'), createdMs };
  const headerJson = Buffer.from(JSON.stringify(header));
  yield Buffer.concat([magic, int32(headerJson.length), headerJson]);
  const headerHash = createHash('sha256').update(headerJson).digest();
  const sealing = { key, nonce, headerHash };
  let index = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const piece of plain) {
    held.push(piece);
    heldBytes += piece.length;
    // One byte more than a chunk is awaited: only then is it known that this chunk is not the last.
    while (heldBytes > chunkBytes) {
      const all = Buffer.concat(held);
      yield seal(sealing, index++, false, all.subarray(0, chunkBytes));
      held = [all.subarray(chunkBytes)];
      heldBytes -= chunkBytes;
    }
  }
  yield seal(sealing, index, true, Buffer.concat(held));
}

/** Reads exact lengths from a stream of pieces. */
class ByteSource {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async #fill(length: number): Promise<boolean> {
    if (this.#held.length >= length) return true;
    const parts = [this.#held];
    let bytes = this.#held.length;
    while (bytes < length) {
      const next = await this.#pieces.next();
      if (next.done === true) break;
      parts.push(next.value);
      bytes += next.value.length;
    }
    this.#held = Buffer.concat(parts);
    return bytes >= length;
  }

  async atEnd(): Promise<boolean> {
    return !(await this.#fill(1));
  }

  async take(length: number, what: string): Promise<Buffer> {
    if (!(await this.#fill(length))) throw corrupt(`it is cut off in ${what}`);
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }
}

function parseHeader(json: Buffer): Header {
  try {
    const header = JSON.parse(json.toString('utf8')) as Header;
    if (Buffer.from(header.nonce, 'base64').length !== 4) throw new Error('nonce');
    if (!(header.chunkBytes > 0 && header.chunkBytes <= maxChunkBytes)) throw new Error('chunkBytes');
    if (header.derivation.kind !== 'raw' && header.derivation.kind !== 'scrypt')
      throw new Error('derivation');
    return header;
  } catch (cause) {
    throw corrupt('its header cannot be read', cause);
  }
}

/**
 * The plain bytes of an archive, each piece only after it has been authenticated.
 *
 * @throws MigrationError `corrupt` when the archive is not exactly what was written, or the key is another one.
 */
export async function* decrypt(
  pieces: AsyncIterable<Buffer>,
  keyFor: (derivation: KeyDerivation) => Promise<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const source = new ByteSource(pieces);
  if (!(await source.take(magic.length, 'its first bytes')).equals(magic))
    throw corrupt('this is not an archive of zk-migrate');
  const headerLength = (await source.take(4, 'its header')).readUInt32BE();
  if (headerLength > maxHeaderBytes) throw corrupt(`its header claims ${headerLength} bytes`);
  const headerJson = Buffer.from(await source.take(headerLength, 'its header'));
  const header = parseHeader(headerJson);
  const headerHash = createHash('sha256').update(headerJson).digest();
  const sealing = {
    key: await keyFor(header.derivation),
    nonce: Buffer.from(header.nonce, 'base64'),
    headerHash,
  };
  for (let index = 0, last = false; !last; index++) {
    const length = (await source.take(4, `chunk ${index}`)).readUInt32BE();
    if (length > header.chunkBytes) throw corrupt(`chunk ${index} claims ${length} bytes`);
    const body = await source.take(length + tagBytes, `chunk ${index}`);
    last = await source.atEnd();
    yield open(sealing, index, last, body.subarray(0, length), body.subarray(length));
  }
}
