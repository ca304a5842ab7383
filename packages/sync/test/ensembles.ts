/** Real ensembles and what tests do to them. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEnsemble, type Ensemble } from '@orchestrator/testing';
import {
  connect,
  createTree,
  mirror,
  observe,
  type Tree,
  type ZooKeeperClient,
} from '@orchestrator/zookeeper';
import type { EnsembleAccess } from '../src/engine-types.ts';

export function accessTo(ensemble: Ensemble): EnsembleAccess {
  return {
    connectString: ensemble.connectString,
    quorumServers: ensemble.servers.map((server) => `${server.host}:${server.quorumPort}`),
  };
}

export function clientOf(ensemble: Ensemble, sessionTimeoutMs = 10_000): Promise<ZooKeeperClient> {
  return connect({ connectString: ensemble.connectString, sessionTimeoutMs });
}

/** An ensemble whose servers begin with a seed. */
export async function startSeeded(
  file: string,
  fileName: string,
  options: Parameters<typeof createEnsemble>[0] = {},
): Promise<Ensemble> {
  const ensemble = await createEnsemble(options);
  for (const server of ensemble.servers) {
    const folder = join(server.dataDir, 'version-2');
    await mkdir(folder, { recursive: true });
    await copyFile(file, join(folder, fileName));
  }
  await ensemble.start();
  await ensemble.waitForQuorum();
  return ensemble;
}

/** What the ensemble holds right now, by its own leader. */
export async function treeOf(ensemble: Ensemble): Promise<Tree> {
  const tree = createTree({ retainData: true });
  for await (const event of observe({ servers: accessTo(ensemble).quorumServers ?? [] })) {
    mirror(tree, event);
    if (event.type === 'consistent' || (tree.zxid > 0n && tree.state !== 'fuzzy')) break;
  }
  return tree;
}
