/** Reads a whole tree, or what of it differs, over the client port. */
import {
  childPath,
  parentPath,
  type SnapshotNode,
  type Tree,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import type { Scope } from '../core/scope.ts';
import { walkLive } from './live-walk.ts';
import { looksChanged, type NodeReader, type NodeState, persistedCversion } from './node-reads.ts';

export interface LiveTree {
  readonly client: ZooKeeperClient;
  readonly reader: NodeReader;
  readonly scope: Scope;
  readonly signal: AbortSignal;
}

export interface LoadOptions extends LiveTree {
  /** Znodes outside of the scope that are wanted all the same. */
  readonly also: readonly string[];
  readonly onForbidden: (path: string) => void;
}

const isVisited = (scope: Scope, path: string) => scope.includes(path) || path === '/';

/** Fills a tree that has begun a snapshot. What changes meanwhile may be in it or not. */
export async function loadTree(tree: Tree, options: LoadOptions): Promise<void> {
  const { scope, reader, signal } = options;
  for (const root of scope.roots) await loadAncestors(tree, reader, root);
  await walkLive({
    roots: scope.roots,
    includes: (path) => isVisited(scope, path),
    visit: (path) => loadNode(tree, path, options),
    signal,
  });
  for (const path of options.also) {
    await loadAncestors(tree, reader, path);
    await loadOne(tree, reader, path);
  }
}

async function loadOne(tree: Tree, reader: NodeReader, path: string): Promise<void> {
  const state = await reader.read(path);
  if (typeof state !== 'string' && hasParent(tree, path)) tree.addNode(snapshotNode(state));
}

async function loadAncestors(tree: Tree, reader: NodeReader, path: string): Promise<void> {
  if (path === '/') return;
  const parent = parentPath(path);
  await loadAncestors(tree, reader, parent);
  if (!tree.has(parent) || parent === '/') await loadOne(tree, reader, parent);
}

const hasParent = (tree: Tree, path: string) => path === '/' || tree.has(parentPath(path));

async function loadNode(tree: Tree, path: string, options: LoadOptions): Promise<readonly string[]> {
  const state = await options.reader.read(path);
  if (state === 'forbidden') options.onForbidden(path);
  if (typeof state === 'string' || !hasParent(tree, path)) return []; // gone meanwhile, or its parent
  tree.addNode(snapshotNode(state));
  if (state.children !== undefined)
    return state.children.map((child) => child.slice(child.lastIndexOf('/') + 1));
  if (state.stat.numChildren === 0) return [];
  return (await ifReadable(options.client.getChildren(path)))?.children ?? [];
}

async function ifReadable<Result>(request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ZooKeeperError && (error.code === 'NoNode' || error.code === 'NoAuth'))
      return undefined;
    throw error;
  }
}

/** Marks each path that has to be read again: one request a node. */
export async function findChanged(
  tree: Tree,
  { client, scope, signal }: LiveTree,
  mark: (path: string) => void,
): Promise<void> {
  await walkLive({
    roots: scope.roots,
    includes: (path) => isVisited(scope, path),
    signal,
    visit: async (path) => {
      const answer = await ifReadable(client.getChildren2(path));
      if (answer === undefined) {
        if (tree.has(path)) mark(path);
        return [];
      }
      if (looksChanged(tree, path, answer.stat)) mark(path);
      const live = new Set(answer.children.map((name) => childPath(path, name)));
      for (const child of tree.children(path)) if (!live.has(child)) mark(child);
      return answer.children;
    },
  });
}

function snapshotNode({ path, data, acl, stat }: NodeState): SnapshotNode {
  const { czxid, mzxid, ctime, mtime, version, aversion, ephemeralOwner, pzxid } = stat;
  const cversion = persistedCversion(stat);
  return {
    path,
    data,
    acl,
    stat: { czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid },
  };
}
