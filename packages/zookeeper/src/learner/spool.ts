/**
 * First in, first out, and large: what came off the wire waits here for a slow consumer, so that the leader never has to
 * wait. In memory up to a limit, then in a file up to a limit, then refused.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writevSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZooKeeperError } from '../errors.ts';

export interface SpoolOptions {
  /** Default 64 MiB. */
  readonly maxMemoryBytes?: number;
  /** Default 4 GiB; 0 for no file. */
  readonly maxDiskBytes?: number;
  /** Where the file goes; default the system's folder for temporary files. */
  readonly folder?: string;
}

export type SpoolEntry<Mark> =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly arrivedAtMs: number }
  | { readonly kind: 'mark'; readonly mark: Mark };

/** double arrivedAtMs | uint length, before each piece in the file; this length stands for a mark. */
const headerBytes = 12;
const markLength = 0xffff_ffff;
/** An entry of a few bytes costs more than its bytes. */
const entryBytes = 64;

export class Spool<Mark> {
  readonly #maxMemoryBytes: number;
  readonly #maxDiskBytes: number;
  readonly #folder: string;
  #memory: SpoolEntry<Mark>[] = [];
  #taken = 0;
  #memoryBytes = 0;
  #marks: Mark[] = [];
  #file = -1;
  #written = 0;
  #read = 0;

  constructor(options: SpoolOptions = {}) {
    this.#maxMemoryBytes = options.maxMemoryBytes ?? 64 * 1024 * 1024;
    this.#maxDiskBytes = options.maxDiskBytes ?? 4 * 1024 * 1024 * 1024;
    this.#folder = options.folder ?? tmpdir();
  }

  get isEmpty(): boolean {
    return this.#taken === this.#memory.length && this.#read === this.#written;
  }

  /** What waits, in memory and in the file. */
  get bytes(): { readonly memory: number; readonly disk: number } {
    return { memory: this.#memoryBytes, disk: this.#written - this.#read };
  }

  /** Throws `SpoolFull`; then the piece was not taken. */
  pushBytes(bytes: Buffer, arrivedAtMs: number): void {
    if (this.#fitsMemory(bytes.length)) {
      this.#memory.push({ kind: 'bytes', bytes, arrivedAtMs });
      this.#memoryBytes += bytes.length + entryBytes;
      return;
    }
    if (this.#written + headerBytes + bytes.length > this.#maxDiskBytes) {
      throw new ZooKeeperError(
        'SpoolFull',
        `the consumer is behind by ${this.#maxMemoryBytes} bytes in memory and ${this.#written - this.#read} in a file in ${this.#folder}; ` +
          'raise spool.maxDiskBytes, or make the consumer faster',
      );
    }
    this.#append(header(arrivedAtMs, bytes.length), bytes);
  }

  /** Marks are few and always fit; only order can force one into the file. */
  pushMark(mark: Mark): void {
    if (this.#read === this.#written) {
      this.#memory.push({ kind: 'mark', mark });
      return;
    }
    this.#marks.push(mark);
    this.#append(header(0, markLength));
  }

  shift(): SpoolEntry<Mark> | undefined {
    const entry = this.#memory[this.#taken];
    if (entry === undefined) return this.#readFile();
    this.#taken++;
    if (entry.kind === 'bytes') this.#memoryBytes -= entry.bytes.length + entryBytes;
    if (this.#taken === this.#memory.length) {
      this.#memory = [];
      this.#taken = 0;
    } else if (this.#taken >= 1024) {
      this.#memory = this.#memory.slice(this.#taken);
      this.#taken = 0;
    }
    return entry;
  }

  close(): void {
    this.#memory = [];
    this.#taken = 0;
    this.#memoryBytes = 0;
    this.#marks = [];
    this.#written = 0;
    this.#read = 0;
    if (this.#file !== -1) closeSync(this.#file);
    this.#file = -1;
  }

  /**
   * While the file holds anything, what comes later goes behind it. Into an empty spool everything fits, however small its
   * limits: else what is larger than them could never pass.
   */
  #fitsMemory(length: number): boolean {
    if (this.#read !== this.#written) return false;
    return this.isEmpty || this.#memoryBytes + length + entryBytes <= this.#maxMemoryBytes;
  }

  #append(...pieces: Buffer[]): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    let done = 0;
    try {
      if (this.#file === -1) this.#openFile();
      done = writevSync(this.#file, pieces, this.#written);
    } catch (cause) {
      throw this.#unwritable(cause);
    }
    if (done !== length) throw this.#unwritable(new Error(`${done} of ${length} bytes written`));
    this.#written += length;
  }

  /** The file has no name once it is open, so nothing is left behind however this process ends. */
  #openFile(): void {
    const folder = mkdtempSync(join(this.#folder, 'spool-'));
    this.#file = openSync(join(folder, 'stream'), 'w+', 0o600);
    rmSync(folder, { recursive: true });
  }

  #unwritable(cause: unknown): ZooKeeperError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new ZooKeeperError('SpoolFull', `the spool in ${this.#folder} cannot be written: ${reason}`, {
      cause,
    });
  }

  #readFile(): SpoolEntry<Mark> | undefined {
    if (this.#read === this.#written) return undefined;
    const head = this.#readBytes(headerBytes);
    const length = head.readUInt32BE(8);
    const mark = length === markLength ? this.#marks.shift() : undefined;
    const entry: SpoolEntry<Mark> =
      mark === undefined
        ? { kind: 'bytes', bytes: this.#readBytes(length), arrivedAtMs: head.readDoubleBE(0) }
        : { kind: 'mark', mark };
    if (this.#read === this.#written) {
      ftruncateSync(this.#file, 0);
      this.#read = 0;
      this.#written = 0;
    }
    return entry;
  }

  #readBytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#file, bytes, done, length - done, this.#read + done);
      if (count === 0)
        throw new ZooKeeperError('Malformed', `the spool file in ${this.#folder} was cut short`);
      done += count;
    }
    this.#read += length;
    return bytes;
  }
}

function header(arrivedAtMs: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes);
  bytes.writeDoubleBE(arrivedAtMs, 0);
  bytes.writeUInt32BE(length, 8);
  return bytes;
}
