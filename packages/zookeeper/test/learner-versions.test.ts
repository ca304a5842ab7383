/** The same observer on every release line that can be had here: oldest, installed, newest. */
import { type Ensemble, startEnsemble } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareTrees, connect, nodeKind, type Stat, type ZooKeeperClient } from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';
import { writeEverything } from './reference/writes.ts';

const allFields = [
  'data',
  'acl',
  'version',
  'aversion',
  'cversion',
  'ctime',
  'mtime',
  'czxid',
  'mzxid',
  'pzxid',
  'ephemeralOwner',
  'children',
] as const;

describe.each(['3.4', '3.8', '3.9'] as const)('%s', (version) => {
  let ensemble: Ensemble;
  let client: ZooKeeperClient;

  beforeAll(async () => {
    ensemble = await startEnsemble({ version, jvmFlags: ['-Dzookeeper.extendedTypesEnabled=true'] });
    client = await connect({ connectString: ensemble.connectString });
  });

  afterAll(async () => {
    await client?.close();
    await ensemble?.close();
  });

  test('the mirror is what a client sees, and what a second snapshot shows', async () => {
    const servers = quorumAddresses(ensemble);
    await writeEverything(client, '/before', version !== '3.4');
    await using run = new MirrorRun({ servers }, { retainData: true });
    await run.until('the snapshot', () => run.story.includes('synced'));
    const leaving = await connect({ connectString: ensemble.connectString });
    await writeEverything(leaving, '/left', version !== '3.4');
    await leaving.close();
    const last = await writeEverything(client, '/after', version !== '3.4');
    await run.reached(last);
    expect(run.tree.state).toBe(version === '3.4' ? 'consistent' : 'verified');
    expect(run.tree.children('/left').filter((path) => path.includes('lock-'))).toEqual([]);

    for (const node of run.tree.walk()) {
      if (node.path.startsWith('/zookeeper')) continue;
      const { data, stat } = await client.getData(node.path);
      expect(data ?? Buffer.alloc(0), node.path).toEqual(node.data ?? Buffer.alloc(0));
      const { numChildren, dataLength, ...persisted } = stat;
      const expected: Omit<Stat, 'numChildren' | 'dataLength'> = {
        ...node.stat,
        // Servers do not tell clients of containers and TTL nodes.
        ephemeralOwner: nodeKind(node.stat.ephemeralOwner) === 'ephemeral' ? node.stat.ephemeralOwner : 0n,
        cversion: node.stat.cversion * 2 - node.numChildren,
      };
      expect(persisted, node.path).toEqual(expected);
      expect([numChildren, dataLength], node.path).toEqual([node.numChildren, node.dataLength]);
    }

    await using again = new MirrorRun({ servers });
    await again.reached(last);
    for await (const difference of compareTrees(run.tree, again.tree, { fields: allFields })) {
      expect(difference).toBeUndefined();
    }
  });
});

test('servers in the POSIX locale, whose digests count question marks for all beyond ASCII', async () => {
  await using ensemble = await startEnsemble({ jvmFlags: ['-Dfile.encoding=US-ASCII'] });
  const client = await connect({ connectString: ensemble.connectString });
  await client.create('/früher', '');
  await using run = new MirrorRun({ servers: quorumAddresses(ensemble) });
  await run.until('the snapshot', () => run.story.includes('synced'));
  await run.reached(await writeEverything(client, '/später', false));
  expect(run.tree.state).toBe('verified');
  expect(run.zxids.length - run.verified).toBeLessThanOrEqual(4);
  await client.close();
  await run.stop();
});
