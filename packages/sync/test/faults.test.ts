import { startProxy, type TcpProxy, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnsembleAccess, SyncEngine } from '../src/engine-types.ts';
import { type Pair, settleMs, startPair } from './engines.ts';
import { findLost, startWorkload, type Workload } from './workload.ts';

let pair: Pair;
let engine: SyncEngine;
/** Between the engine and each port of the target. */
const proxies: TcpProxy[] = [];

async function proxied(pairOf: Pair): Promise<EnsembleAccess> {
  const throughProxies = async (port: 'clientPort' | 'quorumPort') => {
    const opened = await Promise.all(
      pairOf.target.servers.map((server) =>
        startProxy({ target: { host: server.host, port: server[port] } }),
      ),
    );
    proxies.push(...opened);
    return opened.map((proxy) => proxy.connectString);
  };
  const clients = await throughProxies('clientPort');
  return { connectString: clients.join(','), quorumServers: await throughProxies('quorumPort') };
}

beforeAll(async () => {
  pair = await startPair();
  engine = pair.engine({ target: await proxied(pair) });
  await engine.start();
  await engine.settled(settleMs);
});

afterAll(async () => {
  await pair.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function write(name: string): Promise<Workload[]> {
  const load = { nodes: 100, recreatePercent: 10 };
  return Promise.all([
    startWorkload({ client: pair.a, folder: `/${name}-a`, writer: 'wa', updatesPerS: 200, ...load }),
    startWorkload({ client: pair.b, folder: `/${name}-b`, writer: 'wb', updatesPerS: 100, ...load }),
  ]);
}

async function expectNothingLost(workloads: readonly Workload[]): Promise<void> {
  await pause(500);
  await Promise.all(workloads.map((workload) => workload.stop()));
  await engine.settled(settleMs);
  for (const workload of workloads) {
    expect(workload.acknowledged).toBeGreaterThan(200);
    expect(await findLost(pair.a, workload)).toEqual([]);
    expect(await findLost(pair.b, workload)).toEqual([]);
  }
  expect((await engine.verify()).differences).toEqual([]);
  expect(engine.status().conflicts.total).toBe(0);
}

test('the death of either leader loses nothing', async () => {
  const workloads = await write('leaders');
  for (const ensemble of [pair.source, pair.target]) {
    const leader = await ensemble.leader();
    await leader?.kill();
    await pause(1_500);
    await leader?.start();
    await ensemble.waitForQuorum();
  }
  await expectNothingLost(workloads);
});

test('while the target cannot be reached the lag rises, and afterwards everything arrives', async () => {
  const workloads = await write('partition');
  await pause(500);
  for (const proxy of proxies) proxy.cut();
  await pause(2_500);
  const [toTarget] = engine.status().directions;
  expect(toTarget?.lagNowMs).toBeGreaterThan(1_500);
  for (const proxy of proxies) proxy.heal();
  await expectNothingLost(workloads);
  expect(engine.status().directions[0]?.lagNowMs).toBeLessThan(1_500);
});

test('a link that goes silent without closing is noticed, and nothing is lost', async () => {
  const workloads = await write('silence');
  await pause(300);
  for (const proxy of proxies) proxy.stall();
  await pause(3_000);
  for (const proxy of proxies) proxy.heal();
  await expectNothingLost(workloads);
});

test('the target down for a while, all servers at once, is caught up with', async () => {
  const [workload] = await write('down');
  await pause(500);
  await Promise.all(pair.target.servers.map((server) => server.kill()));
  await pause(2_000);
  await pair.target.start();
  await pair.target.waitForQuorum();
  await waitFor(() => pair.b.isConnected, { what: 'the client to be back' });
  await expectNothingLost([workload!]);
});
