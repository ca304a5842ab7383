/** What one would write without us: one connection to each side, reads and creates pipelined. */
import { type Acl, childPath, type ZooKeeperClient } from '@orchestrator/zookeeper';

interface Read {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  readonly children: readonly string[];
}

async function read(client: ZooKeeperClient, path: string): Promise<Read> {
  const [{ data }, { acl }, { children }] = await Promise.all([
    client.getData(path),
    client.getAcl(path),
    client.getChildren(path),
  ]);
  return { path, data, acl, children };
}

/**
 * Copies the subtree at `root`, level by level; parents are sent before their children, so that nothing has to wait for an
 * answer but the window.
 */
export async function copyTree(from: ZooKeeperClient, to: ZooKeeperClient, root: string): Promise<void> {
  for (let level = [root]; level.length > 0; ) {
    const next: string[] = [];
    const work: Promise<void>[] = [];
    for (const path of level) {
      await Promise.all([from.capacity(), to.capacity()]);
      work.push(
        read(from, path).then(async ({ data, acl, children }) => {
          for (const name of children) next.push(childPath(path, name));
          await to.create(path, data, { acl });
        }),
      );
    }
    await Promise.all(work);
    level = next;
  }
}
