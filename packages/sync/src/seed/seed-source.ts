/** The source's tree as the target is to begin with: what the writer of snapshots cannot know of us is put right here. */
import {
  nodeKind,
  openAcl,
  parentPath,
  type SnapshotNode,
  type SnapshotSource,
  type Tree,
} from '@orchestrator/zookeeper';
import { encodeCursor, type OwnZnodes, ownRoot } from '../znodes.ts';

/**
 * Children that are left out of a seed, by parent: each is created anew when its copy comes, so its parent's counter
 * starts lower by as many and ends up equal.
 */
function countEphemerals(tree: Tree): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path, stat } of tree.walk('/', { data: false })) {
    if (nodeKind(stat.ephemeralOwner) !== 'ephemeral') continue;
    const parent = parentPath(path);
    counts.set(parent, (counts.get(parent) ?? 0) + 1);
  }
  return counts;
}

export interface SeedSourceOptions {
  readonly tree: Tree;
  readonly signal: AbortSignal | undefined;
  /** Told of each node that is written. */
  readonly onNode: (done: number) => void;
}

/** Throws the signal's reason out of the walk. */
export function seedSource({ tree, signal, onNode }: SeedSourceOptions): SnapshotSource {
  const leftOut = countEphemerals(tree);
  // On the source this node comes when the engine starts, and counts for the root then.
  const ownRootToCome = tree.has(ownRoot) ? 0 : 1;
  return {
    zxid: tree.zxid,
    sessions: () => tree.sessions(),
    *walk(prefix, options) {
      let done = 0;
      for (const node of tree.walk(prefix, options ?? {})) {
        signal?.throwIfAborted();
        if (options?.data !== false) onNode(++done);
        const lower = (leftOut.get(node.path) ?? 0) - (node.path === '/' ? ownRootToCome : 0);
        yield lower === 0
          ? node
          : { ...node, stat: { ...node.stat, cversion: Math.max(0, node.stat.cversion - lower) } };
      }
    },
  };
}

/** The engine's znodes on a target that holds the source as of `sourceZxid`, at `targetZxid`. */
export function seededZnodes(
  znodes: OwnZnodes,
  sourceZxid: bigint,
  targetZxid: bigint,
  nowMs: number,
): SnapshotNode[] {
  const cursor = encodeCursor({ term: 0, multi: 0, zxid: sourceZxid, seenZxid: targetZxid });
  const node = (path: string, data: Buffer | null, cversion: number): SnapshotNode => ({
    path,
    data,
    acl: openAcl,
    stat: {
      czxid: targetZxid,
      mzxid: targetZxid,
      pzxid: targetZxid,
      ctime: nowMs,
      mtime: nowMs,
      version: 0,
      cversion,
      aversion: 0,
      ephemeralOwner: 0n,
    },
  });
  return [
    node(ownRoot, null, 1),
    node(znodes.folder, null, 3),
    node(znodes.cursor, cursor, 0),
    node(znodes.fence, null, 0),
    node(znodes.mark, null, 0),
  ];
}
