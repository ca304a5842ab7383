/** A tree of a given size on a real ensemble, and an ensemble seeded from another. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareSeed, type SeedReport } from '@orchestrator/sync';
import { createEnsemble, type Ensemble, type EnsembleOptions, temporaryFolder } from '@orchestrator/testing';
import { connect, type MultiOp } from '@orchestrator/zookeeper';
import { accessTo, migrationId } from './engine.ts';

export const treeRoot = '/app';
const childrenPerFolder = 1000;
const dataBytes = 100;
const createsPerMulti = 500;
const foldersAtOnce = 4;

/** Folders of a thousand znodes of 100 bytes; one in ten is written again, so that versions and times differ. */
export async function fillTree(ensemble: Ensemble, znodes: number): Promise<void> {
  const client = await connect({ connectString: ensemble.connectString });
  const data = Buffer.alloc(dataBytes, 'x');
  const fillFolder = async (parent: string) => {
    await client.create(parent);
    for (let first = 0; first < childrenPerFolder; first += createsPerMulti) {
      const paths = Array.from({ length: createsPerMulti }, (_, i) => `${parent}/node-${first + i}`);
      const updates = paths.filter((_, i) => i % 10 === 0);
      await client.multi([
        ...paths.map((path): MultiOp => ({ kind: 'create', path, data })),
        ...updates.map((path): MultiOp => ({ kind: 'setData', path, data })),
      ]);
    }
  };
  try {
    await client.create(treeRoot);
    const folders = Array.from({ length: znodes / childrenPerFolder }, (_, i) => `${treeRoot}/folder-${i}`);
    const lane = async () => {
      for (let next = folders.pop(); next !== undefined; next = folders.pop()) await fillFolder(next);
    };
    await Promise.all(Array.from({ length: foldersAtOnce }, lane));
  } finally {
    await client.close();
  }
}

export async function seedFrom(source: Ensemble): Promise<SeedReport> {
  const outputFolder = await temporaryFolder('seed');
  return prepareSeed({ migrationId, source: accessTo(source), outputFolder, targetVersion: '3.8' });
}

/** Real servers that begin with the seed. */
export async function startSeeded(seed: SeedReport, options: EnsembleOptions): Promise<Ensemble> {
  const ensemble = await createEnsemble(options);
  for (const { dataDir } of ensemble.servers) {
    const folder = join(dataDir, 'version-2');
    await mkdir(folder, { recursive: true });
    await copyFile(seed.file, join(folder, seed.fileName));
  }
  await ensemble.start();
  await ensemble.waitForQuorum();
  return ensemble;
}
