import { type Ensemble, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { compareTrees, nodeKind, type TreeDifference, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareSeed } from '../src/seed/seed.ts';
import { accessTo, clientOf, startSeeded, treeOf } from './ensembles.ts';

const gap = 1000;
let source: Ensemble;
let client: ZooKeeperClient;

beforeAll(async () => {
  source = await startEnsemble();
  client = await clientOf(source);
  await client.create('/app', 'root');
  for (let i = 0; i < 300; i++) void client.create(`/app/node-${i}`, `value ${i}`);
  await client.setData('/app/node-7', 'again');
  await client.setAcl('/app/node-8', [{ perms: 31, scheme: 'digest', id: 'u:hash' }]);
  await client.create('/queue', null);
  for (let i = 0; i < 5; i++) await client.create('/queue/item-', 'x', { mode: 'persistentSequential' });
  await client.create('/locks', null);
  for (let i = 0; i < 3; i++) await client.create('/locks/lock-', null, { mode: 'ephemeralSequential' });
  await client.create('/secret', null);
  await client.create('/secret/inside', null);
});

afterAll(async () => {
  await client.close();
  await source.close();
});

test('a seeded ensemble holds every field of every node, but for what a seed must change', async () => {
  const outputFolder = await temporaryFolder('seed');
  const stages = new Set<string>();
  const report = await prepareSeed({
    migrationId: 'm1',
    source: accessTo(source),
    outputFolder,
    targetVersion: '3.8.0',
    excludes: ['/secret'],
    sequenceGap: gap,
    onProgress: ({ stage }) => stages.add(stage),
  });
  expect(stages.size).toBeGreaterThan(0);

  const target = await startSeeded(report.file, report.fileName);
  try {
    const [a, b] = await Promise.all([treeOf(source), treeOf(target)]);
    const ignore = (path: string) =>
      path === '/orchestrator-sync' || path === '/secret' || path.startsWith('/zookeeper/');
    const fields = [
      'data',
      'acl',
      'version',
      'aversion',
      'cversion',
      'czxid',
      'mzxid',
      'ctime',
      'mtime',
    ] as const;
    const differences: TreeDifference[] = [];
    for await (const difference of compareTrees(a, b, { fields, ignore })) differences.push(difference);
    const ephemerals = [...a.walk('/')].filter((node) => nodeKind(node.stat.ephemeralOwner) === 'ephemeral');
    expect(ephemerals).toHaveLength(3);
    expect(differences).toEqual([
      // the source's root counts our folder once the engine has made it
      {
        path: '/',
        kind: 'field',
        field: 'cversion',
        a: a.get('/')?.stat.cversion,
        b: (a.get('/')?.stat.cversion ?? 0) + 1,
      },
      { path: '/locks', kind: 'field', field: 'cversion', a: 3, b: gap },
      ...ephemerals.map(({ path }) => ({ path, kind: 'onlyInA' })),
      { path: '/queue', kind: 'field', field: 'cversion', a: 5, b: 5 + gap },
    ]);
    expect(b.get('/orchestrator-sync/m1/cursor')?.data?.toString()).toContain(
      `0x${report.zxid.toString(16)}`,
    );
  } finally {
    await target.close();
  }
});

test('a seed that is aborted leaves no file and can be repeated', async () => {
  const outputFolder = await temporaryFolder('seed');
  const abort = new AbortController();
  const options = {
    migrationId: 'm1',
    source: accessTo(source),
    outputFolder,
    targetVersion: '3.8',
    signal: abort.signal,
    onProgress: () => abort.abort(new Error('enough')),
  };
  await expect(prepareSeed(options)).rejects.toThrow('enough');
  const { signal: _, onProgress: __, ...again } = options;
  const report = await prepareSeed(again);
  expect(report.nodes).toBeGreaterThan(300);
});

test('without a quorum port the remedy is named', async () => {
  const outputFolder = await temporaryFolder('seed');
  const { connectString } = accessTo(source);
  const seed = prepareSeed({
    migrationId: 'm1',
    source: { connectString },
    outputFolder,
    targetVersion: '3.8',
  });
  await expect(seed).rejects.toMatchObject({ code: 'NoObserver' });
});
