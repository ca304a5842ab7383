import { serverError } from '../errors.ts';
import type { JuteWriter } from '../jute/writer.ts';
import { withChroot } from '../protocol/path.ts';
import type { Connection } from './connection.ts';
import type { WatchKind, WatchRegistry } from './watches.ts';

const opCodes = { setWatches: 101, setWatches2: 105 } as const;
/** In the order of the wire; servers before 3.6 know the first three. */
const kinds = [
  'data',
  'exists',
  'children',
  'persistent',
  'persistentRecursive',
] as const satisfies readonly WatchKind[];
/** Servers read a request whole before they look at it. */
const largestChunkBytes = 128 * 1024;
const headerBytes = 64;

export type WatchLists = Record<WatchKind, string[]>;

const emptyLists = (): WatchLists => ({
  data: [],
  exists: [],
  children: [],
  persistent: [],
  persistentRecursive: [],
});

/**
 * Cuts all watches into lists of which each fits into one request of at most `maxBytes`.
 *
 * Servers before 3.10 hold one mode per path. A recursive watch includes what a one-shot on the node's data would report,
 * but not changes of its list of children: such child watches come last, in requests of their own, and leave the recursive
 * one as it is, since servers keep the two apart.
 */
export function watchChunks(
  registry: Pick<WatchRegistry, 'paths'>,
  chroot: string,
  maxBytes: number,
): WatchLists[] {
  const chunks: WatchLists[] = [];
  let lists = emptyLists();
  let bytes = headerBytes;
  const cut = () => {
    if (bytes > headerBytes) chunks.push(lists);
    lists = emptyLists();
    bytes = headerBytes;
  };
  const add = (kind: WatchKind, path: string) => {
    const serverPath = withChroot(chroot, path);
    const pathBytes = 4 + Buffer.byteLength(serverPath);
    if (bytes + pathBytes > maxBytes) cut();
    lists[kind].push(serverPath);
    bytes += pathBytes;
  };
  const recursive = new Set(registry.paths('persistentRecursive'));
  const children = registry.paths('children');
  for (const kind of kinds) {
    const paths =
      kind === 'children' ? children.filter((path) => !recursive.has(path)) : registry.paths(kind);
    for (const path of paths) add(kind, path);
  }
  cut();
  for (const path of children) if (recursive.has(path)) add('children', path);
  cut();
  return chunks;
}

/**
 * SetWatches: long relativeZxid | vector<string> data | vector<string> exists | vector<string> children
 * SetWatches2: the same | vector<string> persistent | vector<string> persistentRecursive
 */
function writeLists(writer: JuteWriter, lists: WatchLists, lastZxidSeen: bigint, count: number): void {
  writer.long(lastZxidSeen);
  for (const kind of kinds.slice(0, count)) writer.vector(lists[kind], (to, path) => to.string(path));
}

/** Sends the watches to a server that has none of them. It reports at once what changed after `lastZxidSeen`. */
export async function restoreWatches(
  connection: Connection,
  registry: Pick<WatchRegistry, 'paths'>,
  options: { lastZxidSeen: bigint; chroot: string; juteMaxBuffer: number },
): Promise<void> {
  const chunks = watchChunks(registry, options.chroot, Math.min(options.juteMaxBuffer, largestChunkBytes));
  const answers = chunks.map((lists) => {
    const persistent = lists.persistent.length + lists.persistentRecursive.length > 0;
    const opCode = persistent ? opCodes.setWatches2 : opCodes.setWatches;
    return connection.control('setWatches', opCode, (writer) =>
      writeLists(writer, lists, options.lastZxidSeen, persistent ? kinds.length : 3),
    );
  });
  for (const errorNumber of await Promise.all(answers)) {
    if (errorNumber !== 0) throw serverError(errorNumber, { op: 'setWatches' });
  }
}
