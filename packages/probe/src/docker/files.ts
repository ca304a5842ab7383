/** Files of containers: listed, looked into, downloaded. */
import { posix } from 'node:path';
import { Duplex, Readable, Writable } from 'node:stream';
import type { ControlCall, ControlHandler } from '../control/desk.ts';
import { ProbeError } from '../errors.ts';
import { numberOf, objectOf, textOf } from '../json/read.ts';
import type { DockerApi } from './api.ts';
import { type FolderEntry, type Listing, listWithin } from './folder.ts';
import { readTar } from './tar.ts';

const longestPath = 4_096;
const defaultLength = 65_536;
const mostLength = 262_144;
/** Further into a file it has to be downloaded: the Engine sends it from its beginning. */
const mostOffset = 64 * 2 ** 20;
const mostDownload = 2 ** 30;
/** Of a container that does not run, the Engine sends a folder with all that is below it. */
const mostListed = 256 * 2 ** 20;
const mostEntries = 5_000;

/** @throws ProbeError `invalid` */
function pathOf({ arguments: given }: ControlCall): string {
  const { path = '/' } = given;
  const isPath = path.startsWith('/') && path.length <= longestPath && !path.includes('\0');
  if (isPath && !path.split('/').includes('..')) return path.replace(/\/+/g, '/');
  throw new ProbeError(`"${path.slice(0, 100)}" is no absolute path`, {
    code: 'invalid',
    remedy: 'write it from the root of the container, without ..',
  });
}

function numberArgument(
  { arguments: given }: ControlCall,
  name: string,
  preset: number,
  most: number,
): number {
  const value = given[name] === undefined ? preset : Number(given[name]);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new ProbeError(`${name} is "${given[name]}"`, {
    code: 'invalid',
    remedy: `write 0 to ${most}; download the file for more of it`,
  });
}

const archivePath = (id: string, path: string) =>
  `/containers/${id}/archive?path=${encodeURIComponent(path)}`;

export interface FileControlsOptions {
  readonly api: DockerApi;
  readonly procRoot: string;
  /** @throws ProbeError `invalid` for what is no container */
  readonly containerIdOf: (call: ControlCall) => string;
}

/** By name; see the README for arguments and answers. */
export function fileControls({
  api,
  procRoot,
  containerIdOf,
}: FileControlsOptions): Record<string, ControlHandler> {
  const pidOf = async (id: string): Promise<number> => {
    const state = Object(Object(await api.get(`/containers/${id}/json`)).State);
    return state.Running === true ? Number(state.Pid) : 0;
  };

  return {
    async docker_list_files(call) {
      const [id, path] = [containerIdOf(call), pathOf(call)];
      const pid = await pidOf(id);
      const listing =
        pid > 0 ? listWithin(`${procRoot}/${pid}/root`, path) : await listArchive(api, id, path);
      return { value: JSON.stringify(listing) };
    },
    async docker_read_file(call) {
      const [id, path] = [containerIdOf(call), pathOf(call)];
      const offset = numberArgument(call, 'offset', 0, mostOffset);
      const length = numberArgument(call, 'length', defaultLength, mostLength);
      const found = await statPath(api, id, path);
      if (!found.isFile) throw noFile(path);
      const bytes = await readPart(await api.stream(archivePath(id, found.path)), offset, length);
      return { value: JSON.stringify({ path, size: found.size, offset, ...encoded(bytes) }) };
    },
    async docker_download_file(call) {
      const [id, path] = [containerIdOf(call), pathOf(call)];
      const found = await statPath(api, id, path);
      if (!found.isFile && !found.isFolder) throw noFile(path);
      if (found.isFile && found.size > mostDownload) throw tooLarge(path);
      const archive = await api.stream(archivePath(id, found.path));
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      return { pipe: Duplex.from({ readable: Readable.from(download(archive, found)), writable: nowhere }) };
    },
  };
}

/** What a viewer can show as it is, and the rest so that no byte is lost. */
function encoded(bytes: Buffer): { encoding: 'utf8' | 'base64'; content: string } {
  const content = bytes.toString('utf8');
  const isText = !bytes.includes(0) && Buffer.from(content, 'utf8').equals(bytes);
  return isText ? { encoding: 'utf8', content } : { encoding: 'base64', content: bytes.toString('base64') };
}

interface PathStat {
  /** With links followed, within the container. */
  readonly path: string;
  readonly size: number;
  readonly isFile: boolean;
  readonly isFolder: boolean;
}

/** Bits of Go's `FileMode`. */
const [folderBit, linkBit, anyTypeBits] = [0x8000_0000, 0x0800_0000, 0x8f28_0000];
const mostLinks = 8;

/** @throws ProbeError `not-found`; `invalid` for links that lead nowhere */
async function statPath(api: DockerApi, id: string, path: string): Promise<PathStat> {
  let at = path;
  for (let links = 0; links <= mostLinks; links++) {
    const header = await api.header(archivePath(id, at), 'x-docker-container-path-stat');
    const stat = objectOf(JSON.parse(Buffer.from(header, 'base64').toString('utf8') || '{}'));
    const mode = numberOf(stat.mode) >>> 0;
    const has = (bits: number) => (mode & bits) !== 0;
    if (!has(linkBit))
      return { path: at, size: numberOf(stat.size), isFolder: has(folderBit), isFile: !has(anyTypeBits) };
    at = posix.resolve(posix.dirname(at), textOf(stat.linkTarget));
  }
  throw new ProbeError(`${path} has more than ${mostLinks} links`, { code: 'invalid' });
}

const noFile = (path: string) =>
  new ProbeError(`${path} is no file`, {
    code: 'precondition',
    remedy: 'list it, or download it as an archive',
  });

async function readPart(archive: Readable, offset: number, length: number): Promise<Buffer> {
  try {
    const tar = readTar(archive);
    await tar.next();
    const pieces: Buffer[] = [];
    let at = 0;
    for (let piece = await tar.content(); piece !== undefined; piece = await tar.content()) {
      pieces.push(piece.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at)));
      at += piece.length;
      if (at >= offset + length) break;
    }
    return Buffer.concat(pieces);
  } finally {
    archive.destroy();
  }
}

const tooLarge = (path: string) =>
  new ProbeError(`${path} is larger than ${mostDownload} bytes`, {
    code: 'limit',
    remedy: 'copy it with docker cp on its host',
  });

/** The bytes of a file, or of the archive that a folder is sent as. */
async function* download(archive: Readable, { path, isFolder }: PathStat): AsyncGenerator<Buffer> {
  try {
    if (!isFolder) {
      const tar = readTar(archive);
      await tar.next();
      for (let piece = await tar.content(); piece !== undefined; piece = await tar.content()) yield piece;
      return;
    }
    let sent = 0;
    for await (const chunk of archive) {
      const bytes = Buffer.from(chunk);
      sent += bytes.length;
      if (sent > mostDownload) throw tooLarge(path);
      yield bytes;
    }
  } finally {
    archive.destroy();
  }
}

async function listArchive(api: DockerApi, id: string, path: string): Promise<Listing> {
  const archive = await api.stream(archivePath(id, path.endsWith('/') ? `${path}.` : `${path}/.`));
  try {
    const tar = readTar(archive);
    const entries = new Map<string, FolderEntry>();
    let passed = 0;
    for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
      passed += entry.size;
      if (passed > mostListed || entries.size >= mostEntries)
        return { path, entries: [...entries.values()], truncated: true };
      const name = entry.name.replace(/^\.?\//, '').replace(/\/$/, '');
      if (name === '' || name === '.' || name.includes('/')) continue;
      const { type, size, mode, modifiedMs, target } = entry;
      entries.set(name, {
        name,
        type,
        size,
        mode,
        modified: modifiedMs,
        ...(type === 'link' ? { target } : {}),
      });
    }
    return {
      path,
      entries: [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      truncated: false,
    };
  } finally {
    archive.destroy();
  }
}
