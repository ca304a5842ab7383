import { type Ensemble, startEnsemble, temporaryFolder, waitFor } from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareSeed } from '../src/seed/seed.ts';
import { type Pair, pairOf, settleMs } from './engines.ts';
import { accessTo, clientOf, startSeeded } from './ensembles.ts';
import { findLost, startWorkload } from './workload.ts';

const acl = [
  { perms: 31, scheme: 'world', id: 'anyone' },
  { perms: 1, scheme: 'digest', id: 'u:hash' },
];
let source: Ensemble;

async function load(client: Pair['a']): Promise<void> {
  await client.create('/app', 'root');
  for (let i = 0; i < 500; i++) void client.create(`/app/node-${i}`, `value ${i}`);
  await client.create('/app/deep', null);
  await client.create('/app/deep/er', 'x', { acl });
  for (let i = 0; i < 7; i++) await client.setData('/app/deep/er', `x${i}`);
  await client.setAcl('/app/deep', acl);
  await client.create('/queue', null);
  for (let i = 0; i < 20; i++) await client.create('/queue/q-', `${i}`, { mode: 'persistentSequential' });
  await client.create('/empty-data', '');
  await client.create('/names', null);
  await client.create('/names/ünïcode → ok', 'x');
}

beforeAll(async () => {
  source = await startEnsemble();
  const client = await clientOf(source);
  await load(client);
  await client.close();
});

afterAll(() => source.close());

test('a running target is filled while clients write, with versions and ACLs', async () => {
  await using target = await startEnsemble();
  await using pair = await pairOf(source, target);
  const holder = await connect({ connectString: source.connectString, sessionTimeoutMs: 10_000 });
  await holder.create('/app/lock', null, { mode: 'ephemeral' });
  const workload = await startWorkload({
    client: pair.a,
    folder: '/busy',
    writer: 'w',
    nodes: 50,
    updatesPerS: 200,
  });
  const engine = pair.engine({ maxNodesInMemory: 200 }); // most of the mirrors on disk
  await engine.start();
  await waitFor(() => engine.status().state === 'syncing', {
    what: 'the first copy',
    timeoutMs: settleMs,
  });
  await workload.stop();
  await engine.settled(settleMs);
  await holder.close();
  await engine.settled(settleMs);
  expect(await findLost(pair.b, workload)).toEqual([]);
  expect((await pair.b.exists('/app/deep/er')).stat?.version).toBe(7);
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  expect(report.nodes.source).toBe(report.nodes.target);
  expect(report.checksum.source).toBe(report.checksum.target);
  const quick = await engine.verify({ method: 'mirrors' });
  expect(quick.differences).toEqual([]);
  expect(quick.checksum).toEqual(report.checksum);

  await pair.b.setData('/app/node-3', 'tampered', -1);
  await engine.settled(settleMs);
  expect((await engine.verify()).differences).toEqual([]);

  for (const client of [pair.a, pair.b]) {
    const [folder] = (await client.getChildren('/orchestrator-sync')).children;
    for (const name of ['cursor', 'fence', 'mark']) {
      const write = client.setData(`/orchestrator-sync/${folder}/${name}`, 'forged');
      await expect(write).rejects.toMatchObject({ code: 'NoAuth' });
    }
  }

  await engine.finish();
  for (const client of [pair.a, pair.b]) {
    await client.sync('/');
    expect((await client.exists('/orchestrator-sync')).stat).toBeNull();
  }
});

test('a seeded target goes on from where the seed was taken', async () => {
  await using client = { client: await clientOf(source), [Symbol.asyncDispose]: () => client.client.close() };
  const workload = await startWorkload({
    client: client.client,
    folder: '/seeded',
    writer: 'w',
    nodes: 50,
    updatesPerS: 200,
    recreatePercent: 5,
  });
  const holder = await connect({ connectString: source.connectString, sessionTimeoutMs: 10_000 });
  await holder.create('/app/lock', null, { mode: 'ephemeral' });
  const seed = await prepareSeed({
    migrationId: 'test',
    source: accessTo(source),
    outputFolder: await temporaryFolder('seed'),
    targetVersion: '3.8',
    sequenceGap: 1000,
  });
  await using target = await startSeeded(seed.file, seed.fileName);
  await using pair = await pairOf(source, target);
  const engine = pair.engine({ sequenceGap: 1000 });
  await engine.start();
  await workload.stop();
  await engine.settled(settleMs);
  expect(await findLost(pair.b, workload)).toEqual([]);
  expect((await pair.b.exists('/app/lock')).stat?.ephemeralOwner).not.toBe(0n);
  const [a, b] = await Promise.all([pair.a.exists('/app/node-9'), pair.b.exists('/app/node-9')]);
  expect({ ...b.stat }).toEqual({ ...a.stat });
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  expect(engine.status().conflicts.total).toBe(0);
  await holder.close();
  await engine.finish();
});
