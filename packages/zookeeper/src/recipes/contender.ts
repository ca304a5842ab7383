import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { childPath } from '../protocol/path.ts';
import { guid } from './guid.ts';
import { ensureDeleted, ensureNode, persevere } from './persevere.ts';
import { nextChange } from './wait.ts';

export interface ContenderOptions {
  /** Ends in the server's number; tells kinds of recipe apart, `lock-` for example. */
  readonly prefix: string;
  readonly data?: Uint8Array | null | undefined;
  readonly parentMode?: 'container' | 'persistent' | undefined;
}

/** One member of a queue of ephemeral sequential nodes, in which the lowest number comes first. */
export interface Contender {
  readonly path: string;
  /** The transaction that created it: grows from one holder to the next, as a fencing token must. */
  readonly czxid: bigint;
}

/** What is before a contender; `undefined` for `rank` says that its node is gone. */
export interface Standing {
  readonly rank: number | undefined;
  /** Path of the one just before it. */
  readonly predecessor: string | undefined;
}

/** The members of a queue by name, first comes first; names that are none are left out. */
function inOrder(names: readonly string[], prefix: string): string[] {
  const numberOf = (name: string) => name.slice(name.lastIndexOf(prefix) + prefix.length);
  return names
    .filter((name) => name.includes(prefix) && /^-?\d+$/.test(numberOf(name)))
    .sort((a, b) => Number(numberOf(a)) - Number(numberOf(b)));
}

/**
 * Joins the queue below `parent`. The name carries a number of our own choice, as Curator's do: when the connection breaks
 * before the reply, the node is looked for by it, so that no second one is made and none is left behind.
 */
export async function join(
  client: ZooKeeperClient,
  parent: string,
  options: ContenderOptions,
): Promise<Contender> {
  const { prefix, data = null, parentMode = 'container' } = options;
  const mark = `_c_${guid(client.random)}-`;
  for (;;) {
    try {
      const path = childPath(parent, `${mark}${prefix}`);
      const created = await client.create(path, data, { mode: 'ephemeralSequential' });
      return { path: created.path, czxid: created.zxid };
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.code === 'NoNode') await ensureNode(client, parent, parentMode);
      else if (error.code === 'ConnectionLoss' || error.code === 'SessionExpired') await client.connected();
      else throw error;
      if (error.code !== 'ConnectionLoss') continue;
    }
    const found = await findMarked(client, parent, mark);
    if (found !== undefined) return found;
  }
}

async function findMarked(
  client: ZooKeeperClient,
  parent: string,
  mark: string,
): Promise<Contender | undefined> {
  const { children } = await persevere(client, () => childrenOf(client, parent));
  const name = children.find((child) => child.startsWith(mark));
  if (name === undefined) return undefined;
  const path = childPath(parent, name);
  const { stat } = await persevere(client, () => client.exists(path));
  return stat === null ? undefined : { path, czxid: stat.czxid };
}

async function childrenOf(client: ZooKeeperClient, parent: string): Promise<{ children: string[] }> {
  try {
    return await client.getChildren(parent);
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return { children: [] };
    throw error;
  }
}

/** Paths of all members of the queue below `parent`, first comes first. */
export async function contenders(client: ZooKeeperClient, parent: string, prefix: string): Promise<string[]> {
  const { children } = await persevere(client, () => childrenOf(client, parent));
  return inOrder(children, prefix).map((name) => childPath(parent, name));
}

export async function standing(
  client: ZooKeeperClient,
  parent: string,
  prefix: string,
  contender: Contender,
): Promise<Standing> {
  const paths = await contenders(client, parent, prefix);
  const rank = paths.indexOf(contender.path);
  return rank === -1 ? { rank: undefined, predecessor: undefined } : { rank, predecessor: paths[rank - 1] };
}

/** Resolves when something may have changed for whoever waits behind `predecessor`. Watches that one node only. */
export function predecessorGone(
  client: ZooKeeperClient,
  predecessor: string,
  signal: AbortSignal,
): Promise<void> {
  return nextChange(client, signal, async (watch) => {
    try {
      await persevere(client, () => client.getData(predecessor, { watch }), signal);
      return 'wait';
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === 'NoNode') return 'changed';
      throw error;
    }
  });
}

/** Takes a contender's node away; that of a closed client goes with its session. */
export async function leave(client: ZooKeeperClient, contender: Contender): Promise<void> {
  try {
    await ensureDeleted(client, contender.path);
  } catch (error) {
    if (client.state !== 'closed' && !isClosing(error)) throw error;
  }
}

function isClosing(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.code === 'ClientClosed';
}
