/** Reads of single nodes over the client port, turned into what differs from the mirror. */
import {
  type Acl,
  childPath,
  dataHash,
  type PersistedStat,
  parentPath,
  type Stat,
  type Tree,
  type TxnOp,
  type WatchListener,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import { sameAcl } from '../core/mirror.ts';

export interface NodeState {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  readonly stat: Stat;
  /** Full paths; read where watches are one-shot. */
  readonly children?: readonly string[];
}

export type NodeAnswer = NodeState | 'missing' | 'forbidden';

export interface NodeReader {
  read(path: string): Promise<NodeAnswer>;
}

export interface NodeReaderOptions {
  readonly client: ZooKeeperClient;
  /** Given: data and children watches are set anew by each read. */
  readonly watch?: WatchListener;
}

export function createNodeReader({ client, watch }: NodeReaderOptions): NodeReader {
  const options = watch === undefined ? {} : { watch };
  return {
    async read(path) {
      const [data, acl, children] = await Promise.all([
        answerOf(client.getData(path, options)),
        answerOf(client.getAcl(path)),
        watch === undefined ? undefined : answerOf(client.getChildren(path, options)),
      ]);
      if (data === 'missing' || acl === 'missing' || children === 'missing') return 'missing';
      if (data === 'forbidden' || acl === 'forbidden' || children === 'forbidden') return 'forbidden';
      const state = { path, data: data.data, acl: acl.acl, stat: data.stat };
      if (children === undefined) return state;
      return { ...state, children: children.children.map((name) => childPath(path, name)) };
    },
  };
}

async function answerOf<Result>(request: Promise<Result>): Promise<Result | 'missing' | 'forbidden'> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return 'missing';
    if (error instanceof ZooKeeperError && error.code === 'NoAuth') return 'forbidden';
    throw error;
  }
}

/** The server's own count of creates below a node: the next sequence number. */
export const persistedCversion = (stat: Stat) => (stat.cversion + stat.numChildren) / 2;

/** Deepest first, since a node with children cannot be deleted. */
export function deletions(tree: Tree, path: string): TxnOp[] {
  const below = [...tree.walk(path)].map((node) => node.path);
  return below.reverse().map((gone) => ({ kind: 'delete', path: gone }));
}

/** What turns the mirror's node into `state`. */
export function changesOf(tree: Tree, state: NodeState, parentCversion: number): TxnOp[] {
  const { path, data, acl, stat } = state;
  const known = tree.get(path);
  const create: TxnOp = {
    kind: 'create',
    path,
    data,
    acl,
    ephemeralOwner: stat.ephemeralOwner,
    parentCversion,
  };
  const version: TxnOp = { kind: 'setData', path, data, version: stat.version };
  const access: TxnOp = { kind: 'setAcl', path, acl, aversion: stat.aversion };
  const made = [create, ...(stat.version > 0 ? [version] : []), ...(stat.aversion > 0 ? [access] : [])];
  if (known === undefined) return made;
  const isOtherData = known.dataHash !== dataHash(data);
  if (isAnother(known.stat, stat, isOtherData)) return [...deletions(tree, path), ...made];
  const ops: TxnOp[] = [];
  if (known.stat.version !== stat.version) ops.push(version);
  if (known.stat.aversion !== stat.aversion || isOtherAcl(known.acl, acl)) ops.push(access);
  return ops;
}

/**
 * Made again with the same data and another ACL, a node's counts may be the same. Servers mask digests from those who may not
 * see them, which is no other ACL.
 */
function isOtherAcl(known: readonly Acl[], found: readonly Acl[]): boolean {
  const isMasked = found.some(({ scheme, id }) => scheme === 'digest' && id.endsWith(':x'));
  return !isMasked && !sameAcl(known, found);
}

/** Deleted and made again since, seen by what only falls then: a node keeps its owner, and its versions count all that is set. */
function isAnother(known: PersistedStat, found: Stat, isOtherData: boolean): boolean {
  if (known.ephemeralOwner !== found.ephemeralOwner) return true;
  if (found.version < known.version || found.aversion < known.aversion) return true;
  return found.version === known.version && isOtherData;
}

/** Whether a walk that read `stat` alone has to look closer. */
export function looksChanged(tree: Tree, path: string, stat: Stat): boolean {
  const known = tree.get(path);
  return (
    known === undefined ||
    known.stat.version !== stat.version ||
    known.stat.aversion !== stat.aversion ||
    known.stat.ephemeralOwner !== stat.ephemeralOwner ||
    // The mirror says when it was found, which is mostly later. Made again, it may count the same.
    stat.czxid > known.stat.czxid
  );
}

/** Parents of nodes to be created, whose counters only their own stat tells. */
export function parentsOf(tree: Tree, states: readonly NodeState[]): string[] {
  const parents = new Set<string>();
  for (const { path } of states) if (path !== '/' && !tree.has(path)) parents.add(parentPath(path));
  return [...parents];
}
