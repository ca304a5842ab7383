/** Snapshots taken in the middle of heavy writing: whatever slips into them, the mirror comes out exact. */
import { startEnsemble } from '@orchestrator/testing';
import { describe, expect, test } from 'vitest';
import { compareTrees, connect, type MultiOp, type ZooKeeperClient } from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';

const folders = 40;
const leaves = 250;

async function fill(client: ZooKeeperClient): Promise<void> {
  await client.create('/churn', '');
  for (let folder = 0; folder < folders; folder++) {
    const ops: MultiOp[] = [{ kind: 'create', path: `/churn/${folder}`, data: null }];
    for (let leaf = 0; leaf < leaves; leaf++) {
      ops.push({ kind: 'create', path: `/churn/${folder}/leaf-${leaf}`, data: Buffer.from(`${leaf}`) });
    }
    await client.multi(ops);
  }
}

/** Deletes, makes anew and changes nodes all over the tree, and comes and goes with ephemerals, until told to stop. */
async function churn(connectString: string, isOver: () => boolean): Promise<bigint> {
  const client = await connect({ connectString });
  for (let round = 0; !isOver(); round++) {
    const visitor = await connect({ connectString });
    const writes: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      const folder = `/churn/${(round * 7 + i) % folders}`;
      const leaf = `${folder}/leaf-${(round * 31 + i * 17) % leaves}`;
      writes.push(client.delete(leaf), client.create(leaf, `${round}`), client.setData(folder, `${round}`));
      writes.push(visitor.create(`${folder}/visit-`, '', { mode: 'ephemeralSequential' }));
    }
    await Promise.all(writes);
    await visitor.close();
  }
  const { zxid } = await client.setData('/churn', 'end');
  await client.close();
  return zxid;
}

describe.each(['3.4', '3.8'] as const)('%s', (version) => {
  test('three observers that join one after the other under load end with the same tree', async () => {
    await using ensemble = await startEnsemble({ version });
    const client = await connect({ connectString: ensemble.connectString });
    await fill(client);
    await client.close();
    let isOver = false;
    const churning = churn(ensemble.connectString, () => isOver);
    const runs: MirrorRun[] = [];
    try {
      for (let i = 0; i < 3; i++) {
        const run = new MirrorRun({ servers: quorumAddresses(ensemble) });
        runs.push(run);
        await run.until(
          'transactions past the window',
          () => run.tree.state !== 'fuzzy' && run.zxids.length > 500,
        );
      }
      isOver = true;
      const last = await churning;
      for (const run of runs) await run.reached(last);
      const expected = version === '3.4' ? 'consistent' : 'verified';
      expect(runs.map((run) => run.tree.state)).toEqual([expected, expected, expected]);
      const [first, ...others] = runs as [MirrorRun, ...MirrorRun[]];
      for (const other of others) {
        for await (const difference of compareTrees(first.tree, other.tree, {
          fields: [
            'data',
            'acl',
            'version',
            'cversion',
            'czxid',
            'mzxid',
            'mtime',
            'ephemeralOwner',
            'children',
          ],
        })) {
          expect(difference).toBeUndefined();
        }
      }
      expect(first.tree.size).toBeGreaterThan(folders * leaves);
    } finally {
      isOver = true;
      for (const run of runs) await run[Symbol.asyncDispose]();
      await churning;
    }
  });
});
