import { crc32OfPath, extendCrc32, extendCrc32OfWords } from './crc32.ts';
import { statBytes } from './node-table.ts';

interface Entry {
  prefixCrc: number;
  nodeCrc: number;
}

/** What Java makes of a path in the POSIX locale. Paths hold no surrogates, so it is one mark for each character. */
function inAscii(path: string): string {
  return path.replace(/[\u0080-\uffff]/g, '?');
}

export function isAscii(path: string): boolean {
  return !/[\u0080-\uffff]/.test(path);
}

/**
 * Servers turn paths into bytes in their platform's encoding before they count them into the digest. With Java 17 or older
 * in the POSIX locale - common in containers - that is ASCII, with a question mark for any other character. This keeps the
 * difference that it makes, for the nodes that it concerns, until a digest tells which encoding it is.
 */
export class PosixDigest {
  readonly #entries = new Map<string, Entry>();
  /** Sum of (share in ASCII - share in UTF-8) over all entries. */
  #shift = 0;

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** What to add to a digest in UTF-8. */
  get shift(): number {
    return this.#shift;
  }

  setData(path: string, data: Uint8Array | null): void {
    const pathCrc = crc32OfPath(inAscii(path));
    const prefixCrc = data === null ? pathCrc : extendCrc32(pathCrc, data);
    const entry = this.#entries.get(path);
    if (entry === undefined) this.#entries.set(path, { prefixCrc, nodeCrc: 0 });
    else entry.prefixCrc = prefixCrc;
  }

  /** `before` and `after` are the node's shares in UTF-8; the stat stands in `view`. */
  recount(path: string, before: number, after: number, view: DataView, offset: number): void {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    const crc = extendCrc32OfWords(entry.prefixCrc, view, offset, statBytes);
    this.#shift += crc - after - (entry.nodeCrc - before);
    entry.nodeCrc = crc;
  }

  remove(path: string, before: number): void {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    this.#shift -= entry.nodeCrc - before;
    this.#entries.delete(path);
  }

  clear(): void {
    this.#entries.clear();
    this.#shift = 0;
  }
}
