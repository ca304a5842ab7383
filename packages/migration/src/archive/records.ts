/**
 * What is inside an archive, before compression (zstd) and encryption: files one after the other, of unknown length when they begin, each
 * followed by its checksum, and the manifest at the end.
 *
 *   plain    = (file piece* end)* manifest
 *   file     = "F" | int32 length | {"path","mode","modifiedMs"}
 *   piece    = "D" | int32 length | bytes
 *   end      = "E" | sha256 of the pieces (32 bytes)
 *   manifest = "M" | int32 length | {"source", "files": [{"path","bytes","sha256"}]}
 */
import { createHash } from 'node:crypto';
import { MigrationError } from '../errors.ts';

export interface ArchiveFile {
  /** Relative, with `/`, below the folder it is restored to. */
  readonly path: string;
  /** Permission bits; only these are restored. */
  readonly mode: number;
  readonly modifiedMs: number;
  readonly content: AsyncIterable<Buffer>;
}

export interface ManifestFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  /** What was archived, in words: which ensemble of which migration. */
  readonly source: string;
  readonly files: readonly ManifestFile[];
}

const maxRecordBytes = 64 * 1024 * 1024;

function record(kind: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const jsonRecord = (kind: string, value: unknown) => record(kind, Buffer.from(JSON.stringify(value)));

/** The plain bytes; `onManifest` is called with what was written, before the last piece. */
export async function* writeRecords(
  source: string,
  files: AsyncIterable<ArchiveFile>,
  onManifest: (manifest: Manifest) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const written: ManifestFile[] = [];
  for await (const { path, mode, modifiedMs, content } of files) {
    yield jsonRecord('F', { path, mode, modifiedMs });
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of content) {
      hash.update(piece);
      bytes += piece.length;
      yield record('D', piece);
    }
    const digest = hash.digest();
    written.push({ path, bytes, sha256: digest.toString('hex') });
    yield record('E', digest);
  }
  const manifest = { source, files: written };
  onManifest(manifest);
  yield jsonRecord('M', manifest);
}

export type ArchiveEvent =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly modifiedMs: number }
  | { readonly kind: 'piece'; readonly bytes: Buffer }
  /** The file is complete and its checksum right. */
  | { readonly kind: 'end'; readonly file: ManifestFile }
  | { readonly kind: 'manifest'; readonly manifest: Manifest };

const corrupt = (what: string) => new MigrationError('corrupt', `the archive is refused: ${what}`);

async function* splitRecords(plain: AsyncIterable<Buffer>): AsyncGenerator<{ kind: string; bytes: Buffer }> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of plain) {
    held = Buffer.concat([held, piece]);
    while (held.length >= 5) {
      const length = held.readUInt32BE(1);
      if (length > maxRecordBytes) throw corrupt(`a record of ${length} bytes`);
      if (held.length < 5 + length) break;
      yield { kind: held.toString('latin1', 0, 1), bytes: held.subarray(5, 5 + length) };
      held = held.subarray(5 + length);
    }
  }
  if (held.length > 0) throw corrupt('it ends within a record');
}

/** A name that stays below the folder it is restored to. @throws MigrationError `corrupt` for any other. */
export function safePath(path: string): string {
  const parts = path.split('/');
  if (
    path === '' ||
    parts.some((part) => part === '' || part === '.' || part === '..') ||
    path.includes('\0')
  )
    throw corrupt(`it holds a file named ${JSON.stringify(path)}`);
  return path;
}

/** @throws MigrationError `corrupt` when a checksum or the manifest does not fit, or the manifest is missing. */
export async function* readRecords(
  plain: AsyncIterable<Buffer>,
): AsyncGenerator<ArchiveEvent, void, undefined> {
  const seen: ManifestFile[] = [];
  let open: { path: string; bytes: number; hash: ReturnType<typeof createHash> } | undefined;
  let complete = false;
  for await (const { kind, bytes } of splitRecords(plain)) {
    if (complete) throw corrupt('something follows its manifest');
    if (kind === 'F' && open === undefined) {
      const { path, mode, modifiedMs } = JSON.parse(bytes.toString('utf8'));
      open = { path: safePath(String(path)), bytes: 0, hash: createHash('sha256') };
      yield { kind: 'file', path: open.path, mode: Number(mode) & 0o777, modifiedMs: Number(modifiedMs) };
    } else if (kind === 'D' && open !== undefined) {
      open.hash.update(bytes);
      open.bytes += bytes.length;
      yield { kind: 'piece', bytes };
    } else if (kind === 'E' && open !== undefined) {
      const digest = open.hash.digest();
      if (!digest.equals(bytes)) throw corrupt(`the checksum of ${open.path} does not fit`);
      const file = { path: open.path, bytes: open.bytes, sha256: digest.toString('hex') };
      seen.push(file);
      open = undefined;
      yield { kind: 'end', file };
    } else if (kind === 'M' && open === undefined) {
      const manifest = JSON.parse(bytes.toString('utf8')) as Manifest;
      if (JSON.stringify(manifest.files) !== JSON.stringify(seen))
        throw corrupt('its manifest names other files');
      complete = true;
      yield { kind: 'manifest', manifest };
    } else throw corrupt(`a record "${kind}" where none may be`);
  }
  if (!complete) throw corrupt('its manifest is missing');
}
