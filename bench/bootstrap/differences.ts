/** Two ensembles compared node by node through their client ports. */
import type { Ensemble } from '@orchestrator/testing';
import { childPath, connect, type ZooKeeperClient } from '@orchestrator/zookeeper';

/** ZooKeeper's own nodes hold each ensemble's own configuration; ours hold the cursors. */
const leftOut = new Set(['/zookeeper', '/orchestrator-sync']);

interface Comparison {
  readonly compared: number;
  /** A line for each node that is not the same. */
  readonly differences: readonly string[];
}

interface Found {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly children: readonly string[];
}

async function read(client: ZooKeeperClient, path: string): Promise<Found | undefined> {
  const [{ data, stat }, { acl }, { children }] = await Promise.all([
    client.getData(path),
    client.getAcl(path),
    client.getChildren(path),
  ]);
  const names = children.map((name) => childPath(path, name)).filter((child) => !leftOut.has(child));
  const fields = { ...stat, data: data?.toString('base64'), acl: JSON.stringify(acl) };
  return { fields, children: names.sort() };
}

function compare(path: string, a: Found | undefined, b: Found | undefined): string | undefined {
  const fields = Object.keys(a?.fields ?? {}).filter((field) => a?.fields[field] !== b?.fields[field]);
  if (a?.children.join() !== b?.children.join()) fields.push('children');
  const described = fields.map((field) => `${field} ${a?.fields[field]} and ${b?.fields[field]}`);
  return fields.length === 0 ? undefined : `${path}: ${described.join(', ')}`;
}

/** Compares every node but the root, whose children include those left out. */
export async function findStatDifferences(source: Ensemble, target: Ensemble): Promise<Comparison> {
  const a = await connect({ connectString: source.connectString });
  const b = await connect({ connectString: target.connectString });
  const differences: string[] = [];
  let compared = 0;
  const visit = async (path: string, next: string[]): Promise<void> => {
    const [foundA, foundB] = await Promise.all([a, b].map((client) => read(client, path)));
    next.push(...(foundA?.children ?? []));
    if (path === '/') return;
    compared++;
    const difference = compare(path, foundA, foundB);
    if (difference !== undefined) differences.push(difference);
  };
  try {
    await Promise.all([a.sync(), b.sync()]);
    for (let level = ['/']; level.length > 0; ) {
      const next: string[] = [];
      const visits: Promise<void>[] = [];
      for (const path of level) {
        await Promise.all([a.capacity(), b.capacity()]);
        visits.push(visit(path, next));
      }
      await Promise.all(visits);
      level = next;
    }
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
  return { compared, differences };
}
