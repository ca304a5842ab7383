import { type Acl, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import type { NodeValue } from '../core/types.ts';

export interface ReadValues {
  /** `null`: not there. */
  readonly values: Map<string, NodeValue | null>;
  /** Code of each path that could not be read. */
  readonly failed: Map<string, string>;
}

/** Paths asked for at once; each takes two requests. */
const pathsAtOnce = 256;

/** The present state of nodes, at least as new as anything committed before the call. Rejects when the connection is lost. */
export async function readValues(client: ZooKeeperClient, paths: readonly string[]): Promise<ReadValues> {
  const result: ReadValues = { values: new Map(), failed: new Map() };
  await client.sync('/');
  for (let start = 0; start < paths.length; start += pathsAtOnce) {
    const slice = paths.slice(start, start + pathsAtOnce);
    await Promise.all(slice.map((path) => readOne(client, path, result)));
  }
  return result;
}

async function readOne(client: ZooKeeperClient, path: string, result: ReadValues): Promise<void> {
  try {
    const [{ data, stat }, { acl }] = await bothOf(client.getData(path), readAcl(client, path));
    const { version, aversion, mzxid, mtime: timeMs } = stat;
    result.values.set(path, { data, acl, version, aversion, mzxid, timeMs });
  } catch (error) {
    if (!(error instanceof ZooKeeperError) || error.retryable || error.zxid === undefined) throw error;
    if (error.code === 'NoNode') result.values.set(path, null);
    else result.failed.set(path, error.code);
  }
}

async function readAcl(client: ZooKeeperClient, path: string): Promise<{ acl: readonly Acl[] }> {
  return client.getAcl(path);
}

/** Both requests settle before either's failure counts, so that none is left behind unheard. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
