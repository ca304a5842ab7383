import { startProxy, waitFor } from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pair, settleMs, startPair, startSyncing } from './engines.ts';
import { accessTo } from './ensembles.ts';
import { findLost, startWorkload } from './workload.ts';

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function isThere(client: Pair['a'], path: string): Promise<boolean> {
  await client.sync('/');
  return (await client.exists(path)).stat !== null;
}

test('while paused nothing travels, verification tells what differs and how, and resuming mends it', async () => {
  const engine = pair.engine();
  await startSyncing(engine);
  await pair.a.create('/paused', 'before');
  await engine.settled(settleMs);
  await engine.pause();
  await waitFor(() => engine.status().state === 'paused', { what: 'the pause' });
  await pair.a.setData('/paused', 'after');
  await pair.a.create('/paused/child', null);
  await pause(300);
  expect(await isThere(pair.b, '/paused/child')).toBe(false);
  const report = await engine.verify();
  expect(report.checksum.source).not.toBe(report.checksum.target);
  expect(report.differenceCount).toBe(2);
  expect(report.differences.map(({ path, fields }) => [path, fields.map(({ field }) => field)])).toEqual([
    ['/paused', ['data', 'version']],
    ['/paused/child', ['node']],
  ]);
  await engine.resume();
  await engine.settled(settleMs);
  expect((await engine.verify()).differences).toEqual([]);
  await engine.repair(report);
  await engine.settled(settleMs);
  expect((await engine.verify()).differences).toEqual([]);
  await engine.stop();
});

test('a pause outlives the engine that was told', async () => {
  const first = pair.engine();
  await startSyncing(first);
  await first.pause();
  await first.stop();
  const second = pair.engine();
  await second.start();
  await waitFor(() => second.status().state === 'paused', { what: 'the pause' });
  await pair.a.create('/after-the-pause', null);
  await second.resume();
  await second.settled(settleMs);
  expect(await isThere(pair.b, '/after-the-pause')).toBe(true);
  await second.stop();
});

test('only the paths asked for travel, and excluded ones do not', async () => {
  const options = { migrationId: 'scoped', paths: ['/in'], excludes: ['/in/out'] };
  const engine = pair.engine({ ...options, adoptTarget: true });
  await startSyncing(engine);
  await pair.a.create('/in', 'x');
  await pair.a.create('/in/deep', 'x');
  await pair.a.create('/in/out', 'x');
  await pair.a.create('/elsewhere', 'x');
  await engine.settled(settleMs);
  expect(await isThere(pair.b, '/in/deep')).toBe(true);
  expect(await isThere(pair.b, '/in/out')).toBe(false);
  expect(await isThere(pair.b, '/elsewhere')).toBe(false);
  expect((await engine.verify()).differences).toEqual([]);
  await engine.finish();
  await pair.a.delete('/in/out');
  await pair.a.delete('/elsewhere');
});

test('ACLs travel, and a node too large for a multi is named, with everything else going on', async () => {
  const engine = pair.engine();
  await startSyncing(engine);
  const acl = [
    { perms: 31, scheme: 'world', id: 'anyone' },
    { perms: 1, scheme: 'digest', id: 'someone:hash' },
  ];
  await pair.a.create('/with-acl', null);
  await pair.a.setAcl('/with-acl', acl);
  await pair.a.create('/made-with-acl', null, { acl });
  await pair.a.create('/large', Buffer.alloc(900_000));
  await pair.a.create('/too-large', Buffer.alloc(1_048_450));
  await pair.a.create('/after', null);
  await engine.settled(settleMs);
  expect(await isThere(pair.b, '/after')).toBe(true);
  expect((await pair.b.getAcl('/with-acl')).acl).toEqual(acl);
  expect((await pair.b.getAcl('/made-with-acl')).acl).toEqual(acl);
  expect((await pair.b.getData('/large')).data).toHaveLength(900_000);
  expect(await isThere(pair.b, '/too-large')).toBe(false);
  const report = await engine.verify();
  expect(report.differences).toEqual([]);
  expect(report.expected.map(({ path }) => path)).toContain('/too-large');
  await pair.a.delete('/too-large');
  await engine.stop();
});

test('a quorum port out of reach is given up for the client port, and taken back once it answers, while changes go on', async () => {
  const ports = pair.source.servers.map(({ host, quorumPort }) => ({ host, port: quorumPort }));
  const proxies = await Promise.all(ports.map((target) => startProxy({ target })));
  const source = { ...accessTo(pair.source), quorumServers: proxies.map((proxy) => proxy.connectString) };
  const engine = pair.engine({ source, observerFallbackMs: 1_500 });
  await startSyncing(engine);
  const workload = await startWorkload({
    client: pair.a,
    folder: '/fallback',
    writer: 'w',
    nodes: 50,
    updatesPerS: 50,
  });
  await pause(500);
  for (const proxy of proxies) proxy.cut();
  await waitFor(() => engine.status().directions[0]?.capture === 'watch', { what: 'the other capture' });
  expect(engine.status().directions[0]?.captureReason).toContain('out of reach');
  await waitFor(() => engine.status().state === 'syncing', { what: 'changes to go on' });
  const holder = await connect({ connectString: pair.source.connectString, sessionTimeoutMs: 10_000 });
  await holder.create('/fallback/lock', null, { mode: 'ephemeral' });
  await workload.stop();
  await engine.settled(settleMs);
  expect(await findLost(pair.b, workload)).toEqual([]);
  expect(await isThere(pair.b, '/fallback/lock')).toBe(true);
  await holder.close();
  await engine.settled(settleMs);
  for (const proxy of proxies) proxy.heal();
  await waitFor(() => engine.status().directions[0]?.capture === 'observer', { what: 'the observer again' });
  await pair.a.create('/fallback/after', null);
  await waitFor(() => engine.status().state === 'syncing', { what: 'changes to go on' });
  await engine.settled(settleMs);
  expect(await isThere(pair.b, '/fallback/after')).toBe(true);
  expect((await engine.verify()).differences).toEqual([]);
  expect(engine.status().conflicts.total).toBe(0);
  await engine.stop();
  await Promise.all(proxies.map((proxy) => proxy.close()));
});
