/**
 * A log file of a sandbox that is written here: `stdout`, then `stdout.1`, `stdout.2`, … the older the higher. Those from
 * the second on may be compressed: `stdout.2.gz`.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { chown, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface RotationOptions {
  /** A file is rotated before it would grow beyond. Default 10 MB, as Mesos' logrotate module. */
  maxBytes?: number;
  /** With the one that is written; default 10. */
  maxFiles?: number;
  /** Default false. The youngest rotated one stays as it is, since a reader may be in the midst of it. */
  compress?: boolean;
}

export const defaultRotation = { maxBytes: 10 * 2 ** 20, maxFiles: 10, compress: false } as const;

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

const compressedName = (path: string, age: number) => `${rotatedName(path, age)}.gz`;
const youngestCompressed = 2;

/** Whether it is compressed or not. Nothing when it is not there. */
async function changeAge(path: string, before: number, after: number): Promise<void> {
  for (const name of [rotatedName, compressedName]) {
    await rename(name(path, before), name(path, after)).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

async function compressOne(path: string, age: number): Promise<void> {
  const [plain, compressed] = [rotatedName(path, age), compressedName(path, age)];
  const { mode, uid, gid } = await stat(plain);
  const partial = `${compressed}.part`;
  await pipeline(createReadStream(plain), createGzip(), createWriteStream(partial, { mode }));
  await chown(partial, uid, gid);
  await rename(partial, compressed);
  await rm(plain);
}

/** `path` becomes `path.1` and so on, from the age `youngest` up; the oldest goes. Nothing may be writing by name. */
export async function shiftFiles(path: string, rotation: RotationOptions, youngest = 0): Promise<void> {
  const { maxFiles, compress } = { ...defaultRotation, ...rotation };
  for (const name of [rotatedName, compressedName]) await rm(name(path, maxFiles - 1), { force: true });
  for (let age = maxFiles - 2; age >= youngest; age--) await changeAge(path, age, age + 1);
  if (!compress) return;
  // One as a rule; those of an agent that did not compress too.
  for (let age = youngestCompressed; age < maxFiles; age++)
    if ((await inodeOf(rotatedName(path, age))) !== undefined) await compressOne(path, age);
}

/** Undoes the writes after a position, and the rotations too. Leaves everything when the position is gone. */
async function rewind(path: string, position: LogPosition, maxFiles: number): Promise<void> {
  for (let age = 0; age < maxFiles; age++) {
    if ((await inodeOf(rotatedName(path, age))) !== position.inode) continue;
    for (let newer = 0; newer < age; newer++) await rm(rotatedName(path, newer), { force: true });
    for (let older = age; older < maxFiles; older++) await changeAge(path, older, older - age);
    const file = await open(path, 'r+');
    await file.truncate(Math.min(position.bytes, (await file.stat()).size));
    await file.close();
    return;
  }
}

export class RotatingLog {
  readonly #path: string;
  readonly #rotation: Required<RotationOptions>;
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
    this.#rotation = rotation;
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
    if (this.#position.bytes > 0 && this.#position.bytes + bytes.length > this.#rotation.maxBytes)
      await this.#rotate();
    await this.#file.appendFile(bytes);
    this.#position.bytes += bytes.length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #rotate(): Promise<void> {
    await this.#file.close();
    await shiftFiles(this.#path, this.#rotation);
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
