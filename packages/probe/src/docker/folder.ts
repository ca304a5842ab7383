/**
 * Lists a folder of a container that runs, by way of `/proc/<pid>/root`: the Engine would send the folder with all that is below it.
 * The container may change its links while we look. So a path is walked name by name, each opened in the folder before it, without
 * following links, which are resolved here, within the container.
 */
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { ProbeError } from '../errors.ts';

export interface FolderEntry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly target?: string;
}

export interface Listing {
  readonly path: string;
  readonly entries: readonly FolderEntry[];
  /** There are more than are listed. */
  readonly truncated: boolean;
}

const mostEntries = 5_000;
/** As the kernel has it. */
const mostLinks = 40;
const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** A name below an open folder; the folder itself is not looked up again. */
const within = (folder: number, name: string) => `/proc/self/fd/${folder}/${name}`;

const namesOf = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.');

const failure = (path: string, cause: unknown) => {
  const code = Object(cause).code;
  const known = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
  return new ProbeError(`${path} ${known ? 'is no folder of the container' : 'cannot be listed'}`, {
    code: known ? 'not-found' : 'unavailable',
    cause,
  });
};

/**
 * Opens a folder of a container. The caller closes it.
 *
 * @throws ProbeError `not-found`, `unavailable`
 */
function openWithin(root: string, path: string): number {
  const open: number[] = [];
  const fail = (cause: unknown) => {
    for (const folder of open) closeSync(folder);
    return failure(path, cause);
  };
  let links = 0;
  try {
    open.push(openSync(root, constants.O_RDONLY | constants.O_DIRECTORY));
    const names = namesOf(path);
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const here = open.at(-1) ?? -1;
      if (name === '..') {
        // The root's parent is the root.
        if (open.length > 1) closeSync(open.pop() ?? -1);
        continue;
      }
      const below = within(here, name);
      if (lstatSync(below).isSymbolicLink()) {
        if (++links > mostLinks) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
        const target = readlinkSync(below);
        names.unshift(...namesOf(target));
        if (target.startsWith('/')) for (const folder of open.splice(1)) closeSync(folder);
      } else open.push(openSync(below, openFolder));
    }
  } catch (cause) {
    throw fail(cause);
  }
  const last = open.pop() ?? -1;
  for (const folder of open) closeSync(folder);
  return last;
}

const typeOf = (stats: Stats): FolderEntry['type'] =>
  stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';

function entryOf(folder: number, name: string): FolderEntry | undefined {
  const path = within(folder, name);
  try {
    const stats = lstatSync(path);
    return {
      name,
      type: typeOf(stats),
      size: stats.size,
      mode: stats.mode & 0o7777,
      modified: Math.round(stats.mtimeMs),
      ...(stats.isSymbolicLink() ? { target: readlinkSync(path) } : {}),
    };
  } catch {
    return undefined; // it has just gone
  }
}

/**
 * `root`: `/proc/<pid>/root` of a process of the container.
 *
 * @throws ProbeError `not-found`, `unavailable`
 */
export function listWithin(root: string, path: string): Listing {
  const folder = openWithin(root, path);
  try {
    const names = readdirSync(`/proc/self/fd/${folder}`).sort();
    const entries = names
      .slice(0, mostEntries)
      .map((name) => entryOf(folder, name))
      .filter((entry) => entry !== undefined);
    return { path, entries, truncated: names.length > mostEntries };
  } finally {
    closeSync(folder);
  }
}
