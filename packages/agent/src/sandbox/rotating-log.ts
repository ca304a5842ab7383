/** A log file of a sandbox that is written here: `stdout`, then `stdout.1`, `stdout.2`, … the older the higher. */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';

export interface RotationOptions {
  /** A file is rotated before it would grow beyond. Default 10 MB, as Mesos' logrotate module. */
  maxBytes?: number;
  /** With the one that is written; default 10. */
  maxFiles?: number;
}

export const defaultRotation = { maxBytes: 10 * 2 ** 20, maxFiles: 10 } as const;

/** A place in a log that outlives its rotation. */
export interface LogPosition {
  /** The file's inode, whatever it is called by now. */
  inode: number;
  bytes: number;
}

export const rotatedName = (path: string, age: number) => (age === 0 ? path : `${path}.${age}`);

async function inodeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.ino;
}

/** `path` becomes `path.1` and so on, from the age `youngest` up; the oldest goes. Nothing may be writing by name. */
export async function shiftFiles(path: string, maxFiles: number, youngest = 0): Promise<void> {
  await rm(rotatedName(path, maxFiles - 1), { force: true });
  for (let age = maxFiles - 2; age >= youngest; age--) {
    await rename(rotatedName(path, age), rotatedName(path, age + 1)).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Undoes the writes after a position, and the rotations too. Leaves everything when the position is gone. */
async function rewind(path: string, position: LogPosition, maxFiles: number): Promise<void> {
  for (let age = 0; age < maxFiles; age++) {
    if ((await inodeOf(rotatedName(path, age))) !== position.inode) continue;
    for (let newer = 0; newer < age; newer++) await rm(rotatedName(path, newer), { force: true });
    for (let older = age; older < maxFiles; older++) {
      await rename(rotatedName(path, older), rotatedName(path, older - age)).catch((error) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    const file = await open(path, 'r+');
    await file.truncate(Math.min(position.bytes, (await file.stat()).size));
    await file.close();
    return;
  }
}

export class RotatingLog {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #file: FileHandle;
  #position: LogPosition;

  private constructor(
    path: string,
    file: FileHandle,
    position: LogPosition,
    rotation: Required<RotationOptions>,
  ) {
    this.#path = path;
    this.#file = file;
    this.#position = position;
    this.#maxBytes = rotation.maxBytes;
    this.#maxFiles = rotation.maxFiles;
  }

  /** Appends to what is there, or goes on at a position, forgetting what was written after it. */
  static async open(path: string, rotation: RotationOptions = {}, from?: LogPosition): Promise<RotatingLog> {
    const limits = { ...defaultRotation, ...rotation };
    if (from !== undefined) await rewind(path, from, limits.maxFiles);
    const { file, position } = await openForAppend(path);
    return new RotatingLog(path, file, position, limits);
  }

  /** Where the next byte goes. */
  get position(): LogPosition {
    return { ...this.#position };
  }

  /** Calls one after the other: each has to be awaited. */
  async append(bytes: Buffer): Promise<void> {
    if (this.#position.bytes > 0 && this.#position.bytes + bytes.length > this.#maxBytes)
      await this.#rotate();
    await this.#file.appendFile(bytes);
    this.#position.bytes += bytes.length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #rotate(): Promise<void> {
    await this.#file.close();
    await shiftFiles(this.#path, this.#maxFiles);
    const { file, position } = await openForAppend(this.#path);
    this.#file = file;
    this.#position = position;
  }
}

async function openForAppend(path: string): Promise<{ file: FileHandle; position: LogPosition }> {
  const file = await open(path, 'a', 0o644);
  const { ino, size } = await file.stat();
  return { file, position: { inode: ino, bytes: size } };
}
