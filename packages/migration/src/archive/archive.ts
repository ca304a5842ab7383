/** Archives of an ensemble's files: written beside the final name and renamed, restored beside it and renamed. */
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline as connectStreams, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { makeFolder } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';
import { decrypt, encrypt } from './container.ts';
import { type KeySource, newKey, openKey } from './key.ts';
import { type ArchiveEvent, type ArchiveFile, type Manifest, readRecords, writeRecords } from './records.ts';

/** Every regular file below `folder`, in order of name, as `prefix/…`. Links and sockets are not followed or kept. */
export async function* filesBelow(
  folder: string,
  prefix: string,
): AsyncGenerator<ArchiveFile, void, undefined> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, `${prefix}/${entry.name}`);
    else if (entry.isFile()) {
      const { mode, mtimeMs } = await stat(path);
      yield {
        path: `${prefix}/${entry.name}`,
        mode: mode & 0o777,
        modifiedMs: Math.round(mtimeMs),
        content: createReadStream(path),
      };
    }
  }
}

export interface WriteArchiveOptions {
  readonly file: string;
  readonly key: KeySource;
  /** In words: which ensemble of which migration. */
  readonly source: string;
  readonly files: AsyncIterable<ArchiveFile>;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

export interface ArchiveSummary {
  readonly file: string;
  /** Of the encrypted file. */
  readonly bytes: number;
  readonly manifest: Manifest;
}

/** Writes `file` with mode 0600; it appears under its name only when it is complete and on disk. */
export async function writeArchive(options: WriteArchiveOptions): Promise<ArchiveSummary> {
  const { file, nowMs, source, files, signal } = options;
  const { key, derivation } = await newKey(options.key);
  const partial = `${file}.partial`;
  let manifest: Manifest = { source, files: [] };
  const plain = writeRecords(source, files, (written) => {
    manifest = written;
  });
  await makeFolder(dirname(file));
  try {
    await pipeline(
      Readable.from(plain, { objectMode: false }),
      // Logs of ZooKeeper are allocated in advance: most of a fresh one is zeros.
      createZstdCompress(),
      (compressed: AsyncIterable<Buffer>) => encrypt(compressed, { key, derivation, createdMs: nowMs }),
      createWriteStream(partial, { mode: 0o600, flush: true }),
      ...(signal === undefined ? [] : [{ signal }]),
    );
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { file, bytes: (await stat(file)).size, manifest };
}

/** @throws MigrationError `not-found` or `config` */
async function requireFile(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new MigrationError('not-found', `there is no archive ${file}`, {
        cause,
        remedy: 'phase 6 writes it to archive.folder of the configuration; the report names the file',
      });
    throw new MigrationError('config', `the archive ${file} cannot be read`, {
      cause,
      remedy: 'it is readable for the user of the coordinator only',
    });
  }
}

/**
 * Reads the whole archive and checks all of it.
 *
 * @throws MigrationError `corrupt`, `not-found`, or `config` for a wrong kind of key
 */
export async function verifyArchive(file: string, key: KeySource, signal?: AbortSignal): Promise<Manifest> {
  await requireFile(file);
  for await (const event of archiveEvents(file, key, signal))
    if (event.kind === 'manifest') return event.manifest;
  throw new MigrationError('corrupt', `the archive ${file} is refused: its manifest is missing`);
}

async function* archiveEvents(
  file: string,
  key: KeySource,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchiveEvent, void, undefined> {
  const pieces: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: 256 * 1024 });
  const compressed = Readable.from(
    decrypt(pieces, (derivation) => openKey(key, derivation)),
    { objectMode: false },
  );
  // An error of one stream ends the other with it, and with that the loop that reads.
  const plain = connectStreams(compressed, createZstdDecompress(), () => undefined);
  for await (const event of readRecords(plain)) {
    signal?.throwIfAborted();
    yield event;
  }
}

async function writeFiles(events: AsyncIterable<ArchiveEvent>, folder: string): Promise<Manifest> {
  let target: Awaited<ReturnType<typeof open>> | undefined;
  let current: (ArchiveEvent & { kind: 'file' }) | undefined;
  let manifest: Manifest | undefined;
  try {
    for await (const event of events) {
      if (event.kind === 'file') {
        const path = join(folder, event.path);
        await makeFolder(dirname(path));
        target = await open(path, 'wx', 0o600);
        current = event;
      } else if (event.kind === 'piece') await target?.writeFile(event.bytes);
      else if (event.kind === 'end' && current !== undefined) {
        await target?.sync();
        await target?.close();
        target = undefined;
        const path = join(folder, current.path);
        await chmod(path, current.mode);
        await utimes(path, current.modifiedMs / 1000, current.modifiedMs / 1000);
      } else if (event.kind === 'manifest') manifest = event.manifest;
    }
  } finally {
    await target?.close();
  }
  if (manifest === undefined)
    throw new MigrationError('corrupt', 'the archive is refused: its manifest is missing');
  return manifest;
}

/**
 * Restores all files below `folder`, which must not exist or be empty.
 *
 * @throws MigrationError `precondition` when something is there, `corrupt` when the archive is not what was written: then
 *   nothing appears under `folder`.
 */
export async function restoreArchive(
  file: string,
  key: KeySource,
  folder: string,
  signal?: AbortSignal,
): Promise<Manifest> {
  await requireFile(file);
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (present.length > 0) {
    throw new MigrationError('precondition', `${folder} is not empty (${present.slice(0, 3).join(', ')})`, {
      remedy: 'restore into a new folder',
    });
  }
  const partial = `${folder.replace(/\/+$/, '')}.partial`;
  await rm(partial, { recursive: true, force: true });
  await makeFolder(partial);
  try {
    const manifest = await writeFiles(archiveEvents(file, key, signal), partial);
    await rename(partial, folder);
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}
