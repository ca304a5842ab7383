/**
 * Unpacks archives that frameworks name, which nobody has looked at: every entry is listed and judged first, and one
 * that leads out of the folder, is a device or makes the whole too large means that nothing is unpacked.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { runProgram } from '../container/run-program.ts';
import { AgentError } from '../errors.ts';

export interface ArchiveEntry {
  /** As in `ls -l`: `-` file, `d` folder, `l` link, `h` hard link. */
  type: string;
  path: string;
  bytes: number;
  /** Of a link. */
  target?: string;
}

export interface ArchiveLimits {
  /** Of all files together; default 4 GiB. */
  maxBytes?: number;
  /** Default 100000. */
  maxEntries?: number;
}

const defaultMaxBytes = 4 * 2 ** 30;
const defaultMaxEntries = 100_000;
const tarNames = /\.(tar|tar\.(gz|bz2|xz|zst)|tgz|tbz2|txz)$/;
const timeoutMs = 10 * 60_000;

export function isArchive(name: string): boolean {
  return tarNames.test(name) || name.endsWith('.zip') || name.endsWith('.gz');
}

/** Below the folder it starts from, whatever is on the way. */
function staysInside(path: string): boolean {
  let depth = 0;
  if (path.startsWith('/')) return false;
  for (const part of path.split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return false;
  }
  return true;
}

const parentOf = (path: string) => path.split('/').slice(0, -1).join('/');

/** What is wrong with an archive; undefined when nothing is. */
export function archiveProblem(
  entries: readonly ArchiveEntry[],
  limits: ArchiveLimits = {},
): string | undefined {
  const { maxBytes = defaultMaxBytes, maxEntries = defaultMaxEntries } = limits;
  if (entries.length > maxEntries) return `it has ${entries.length} entries; ${maxEntries} is most`;
  let bytes = 0;
  for (const { type, path, target = '', bytes: size } of entries) {
    bytes += size;
    if (bytes > maxBytes) return `it unpacks to more than ${maxBytes} bytes`;
    if (!staysInside(path)) return `entry "${path}" leads out of the folder`;
    if (!'-dlh'.includes(type)) return `entry "${path}" is of type "${type}", neither file, folder nor link`;
    // Where a link of the file system leads is counted from its folder; a hard link's other name from the top.
    const destination = type === 'l' ? `${parentOf(path)}/${target}`.replace(/^\//, '') : target;
    if ('lh'.includes(type) && (target.startsWith('/') || !staysInside(destination))) {
      return `link "${path}" leads out of the folder, to "${target}"`;
    }
  }
  return linkedPath(entries);
}

/** A second entry that goes through a link of the archive could end up elsewhere than its path says. */
function linkedPath(entries: readonly ArchiveEntry[]): string | undefined {
  const trim = (path: string) => path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const links = new Set(entries.filter(({ type }) => type === 'l').map(({ path }) => trim(path)));
  if (links.size === 0) return undefined;
  for (const { path } of entries) {
    for (let above = parentOf(trim(path)); above !== ''; above = parentOf(above)) {
      if (links.has(above)) return `entry "${path}" goes through link "${above}"`;
    }
  }
  return undefined;
}

/** `-rw-r--r-- 0/0 12 2026-01-01 00:00 name`, then ` -> target` or ` link to target`. */
export function parseTarListing(text: string): ArchiveEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, type = '', size = '0', rest = ''] =
        /^(\S)\S*\s+\S+\s+(\S+)\s+\S+\s+\S+ (.*)$/.exec(line) ?? [];
      const separator = type === 'l' ? ' -> ' : type === 'h' ? ' link to ' : undefined;
      const [path = '', target] = separator === undefined ? [rest] : rest.split(separator);
      // Of a device these are its numbers.
      return { type, path, bytes: Number(size) || 0, ...(target !== undefined && { target }) };
    });
}

/** `-rw-r--r--  3.0 unx       12 tx defN 26-Jan-01 00:00 name`; the target of a link is not told. */
export function parseZipListing(text: string): ArchiveEntry[] {
  return text
    .split('\n')
    .map((line) => /^([-dlbcps?])\S{6,9}\s+\S+\s+\S+\s+(\d+)\s+\S+\s+\S+\s+\S+\s+\S+ (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, type = '', size = '0', path = '']) => ({
      // A link that leads nobody knows where counts as one that leads out.
      ...(type === 'l' ? { type, target: '/' } : { type: type === '?' ? '-' : type }),
      path,
      bytes: Number(size),
    }));
}

/**
 * Unpacks into a folder that exists. What is there already is overwritten by files, and kept in the way of nothing else.
 *
 * @throws AgentError `UnsafeArchive`; `FetchFailed` when it is no archive or cannot be read
 */
export async function unpack(archive: string, folder: string, limits: ArchiveLimits = {}): Promise<void> {
  const isZip = archive.endsWith('.zip');
  try {
    if (archive.endsWith('.gz') && !tarNames.test(archive)) {
      await gunzip(archive, join(folder, basename(archive, '.gz')), limits);
      return;
    }
    const entries = isZip
      ? parseZipListing(await runProgram('unzip', ['-Z', archive], { timeoutMs }))
      : parseTarListing(await runProgram('tar', tarArguments('--list', archive, '--verbose'), { timeoutMs }));
    const problem = archiveProblem(entries, limits);
    if (problem !== undefined) throw new AgentError('UnsafeArchive', `archive ${archive}: ${problem}`);
    if (isZip) await runProgram('unzip', ['-q', '-o', archive, '-d', folder], { timeoutMs });
    else
      await runProgram('tar', tarArguments('--extract', archive, '--no-same-owner', '--directory', folder), {
        timeoutMs,
      });
  } catch (cause) {
    if (cause instanceof AgentError && cause.code === 'UnsafeArchive') throw cause;
    throw new AgentError(
      'FetchFailed',
      `archive ${archive} cannot be unpacked: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** A single file, which goes without a list of what is in it. */
async function gunzip(
  archive: string,
  file: string,
  { maxBytes = defaultMaxBytes }: ArchiveLimits,
): Promise<void> {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      const problem = `archive ${archive}: it unpacks to more than ${maxBytes} bytes`;
      done(bytes > maxBytes ? new AgentError('UnsafeArchive', problem) : null, chunk);
    },
  });
  await pipeline(createReadStream(archive), createGunzip(), limit, createWriteStream(file));
}

const tarArguments = (mode: string, archive: string, ...more: string[]) => [
  ...[mode, '--file', archive, '--quoting-style=escape', '--numeric-owner', '--full-time'],
  ...more,
];
