/** Every znode of an ensemble with everything that a client sees of it, to show that something has changed nothing. */
import { childPath, connect, type ZooKeeperClient } from '@orchestrator/zookeeper';

async function collect(client: ZooKeeperClient, path: string, lines: string[]): Promise<void> {
  const { children } = await client.getChildren(path);
  const { data, stat } = await client.getData(path);
  const { czxid, mzxid, pzxid, version, cversion, aversion } = stat;
  lines.push([path, data?.toString('hex'), czxid, mzxid, pzxid, version, cversion, aversion].join(' '));
  for (const child of children.toSorted()) await collect(client, childPath(path, child), lines);
}

export async function treeState(connectString: string): Promise<readonly string[]> {
  const client = await connect({ connectString });
  try {
    const lines: string[] = [];
    await collect(client, '/', lines);
    return lines;
  } finally {
    await client.close();
  }
}
