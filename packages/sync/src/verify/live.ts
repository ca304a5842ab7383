/** Reads both sides as any client would, so that verification does not rest on the mirrors. */
import { dataHash, nextSequence, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import { walkLive } from '../capture/live-walk.ts';
import type { Scope } from '../core/scope.ts';
import { SyncError } from '../errors.ts';
import type { NodeView } from './node-view.ts';
import type { Tally } from './tally.ts';

/** A node as a client sees it; `undefined` when it is not there. Throws `NoAccess`, naming the path. */
export async function readView(client: ZooKeeperClient, path: string): Promise<NodeView | undefined> {
  const [read, access] = await Promise.all([ifThere(client.getData(path)), ifThere(client.getAcl(path))]);
  if (read === undefined || access === undefined) return undefined;
  const { version, aversion, ephemeralOwner } = read.stat;
  return {
    dataHash: dataHash(read.data),
    dataLength: read.data?.length ?? 0,
    acl: access.acl,
    version,
    aversion,
    ephemeralOwner,
    nextSequence: nextSequence(read.stat),
    numChildren: read.stat.numChildren,
  };
}

async function ifThere<Result>(request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error;
    if (error.code === 'NoNode') return undefined;
    if (error.code !== 'NoAuth') throw error;
    throw new SyncError(
      'NoAccess',
      `${error.path} may not be read with our credentials; add some that may, or those of the super user`,
      error,
    );
  }
}

async function childrenOf(
  client: ZooKeeperClient,
  path: string,
  view: NodeView | undefined,
): Promise<readonly string[]> {
  if (view === undefined || view.numChildren === 0) return [];
  const result = await ifThere(client.getChildren(path));
  return result?.children ?? [];
}

export interface LiveComparison {
  readonly source: ZooKeeperClient;
  readonly target: ZooKeeperClient;
  readonly scope: Scope;
  readonly tally: Tally;
  readonly onNode: () => void;
  readonly signal: AbortSignal;
}

/** Walks both trees in step: each path is read on both sides at nearly the same time. */
export async function compareLive(comparison: LiveComparison): Promise<void> {
  const { source, target, scope, tally, onNode, signal } = comparison;
  await Promise.all([source.sync('/'), target.sync('/')]);
  await walkLive({
    roots: scope.roots,
    includes: (path) => scope.includes(path),
    signal,
    visit: async (path) => {
      const [a, b] = await Promise.all([readView(source, path), readView(target, path)]);
      tally.take(path, a, b);
      const [namesA, namesB] = await Promise.all([childrenOf(source, path, a), childrenOf(target, path, b)]);
      onNode();
      return namesA.length === 0 ? namesB : [...new Set([...namesA, ...namesB])];
    },
  });
}
