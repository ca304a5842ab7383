/** What the sync suites write, and how to tell what became of it. */
import type { ZooKeeperClient } from '@orchestrator/zookeeper';

const valueBytes = 100;

export const nodePath = (folder: string, index: number): string => `${folder}/node-${index}`;

/** `count` says how often the node was written. */
export const textOf = (count: number): string => `${count}:`.padEnd(valueBytes, '.');

/** The count in a value. */
export function countIn(data: Buffer | null): number {
  return Number(data?.toString('latin1', 0, data.indexOf(':')) ?? Number.NaN);
}

/** How many acknowledged updates an ensemble lacks, given the last acknowledged count of each node of `folder`. */
export async function countLost(
  client: ZooKeeperClient,
  folder: string,
  acknowledged: readonly number[],
): Promise<number> {
  await client.sync();
  const counts: Promise<number>[] = [];
  for (let index = 0; index < acknowledged.length; index++) {
    if (!client.hasCapacity) await client.capacity();
    counts.push(client.getData(nodePath(folder, index)).then(({ data }) => countIn(data)));
  }
  const held = await Promise.all(counts);
  return acknowledged.reduce((lost, count, index) => lost + Math.max(0, count - (held[index] ?? 0)), 0);
}
