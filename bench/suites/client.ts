/** Our client against others, pipelined, on one server that is as fast as a server gets. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ensemble, removeFolder, startEnsemble } from '@orchestrator/testing';
import { childPath, connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { type PeerName, prepareClients } from '../clients/peers.ts';
import { type ClientProcess, type Run, startClient } from '../clients/process.ts';
import { data, keys, multiSize, type Operation, operations, root } from '../clients/workload.ts';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median } from '../statistics.ts';

const windows: Readonly<Record<Operation, number>> = { get: 500, set: 500, create: 500, multi: 16 };
const deletesPerMulti = 500;

const ratioNames: Readonly<Record<PeerName, string>> = {
  zookeeper: 'Zookeeper',
  'node-zookeeper-client': 'NodeZookeeperClient',
  java: 'Java',
};

/** Runs of each operation, by client, in the order of the rounds. */
type Runs = Record<Operation, Map<string, Run[]>>;

/**
 * The server must not be what limits: it keeps its data in memory, waits for no disk, is compiled fully, and takes its
 * requests through Netty, which reads and answers a pipelined client's requests in batches.
 */
function startFastServer(dataDir: string): Promise<Ensemble> {
  return startEnsemble({
    servers: 1,
    dataDir,
    heapMb: 1024,
    jvmFlags: [
      ...['-XX:TieredStopAtLevel=4', '-Dzookeeper.forceSync=no', '-Dzookeeper.snapCount=10000000'],
      '-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
    ],
  });
}

async function clear(admin: ZooKeeperClient, parent: string): Promise<void> {
  const { children } = await admin.getChildren(parent);
  for (let start = 0; start < children.length; start += deletesPerMulti) {
    const batch = children.slice(start, start + deletesPerMulti);
    await admin.multi(batch.map((name) => ({ kind: 'delete', path: childPath(parent, name) })));
  }
  await admin.delete(parent);
}

async function runOnce(
  admin: ZooKeeperClient,
  client: ClientProcess,
  operation: Operation,
  durationMs: number,
): Promise<Run> {
  const parent = `${root}/created-by-${client.name}`;
  if (operation === 'create') await admin.create(parent);
  const run = await client.run(operation, { durationMs, window: windows[operation], parent });
  if (operation === 'create') await clear(admin, parent);
  return run;
}

/** Rounds of every operation by every client in turn, so that whatever else the machine does meets all of them alike. */
async function runRounds(
  admin: ZooKeeperClient,
  clients: readonly ClientProcess[],
  { quick, say }: SuiteOptions,
): Promise<Runs> {
  const runs: Runs = { get: new Map(), set: new Map(), create: new Map(), multi: new Map() };
  const rounds = quick ? 3 : 15;
  // The first rounds warm the compilers up and do not count.
  for (let round = quick ? 0 : -1; round <= rounds; round++) {
    for (const operation of operations) {
      for (const client of clients) {
        const run = await runOnce(admin, client, operation, round <= 0 ? 1000 : 400);
        const kept = runs[operation].get(client.name) ?? [];
        if (round > 0) runs[operation].set(client.name, [...kept, run]);
      }
    }
    if (round > 0 && round % 3 === 0) say(`round ${round} of ${rounds}`);
  }
  return runs;
}

const perS = ({ requests, elapsedMs }: Run) => (requests / elapsedMs) * 1000;

function summarise(runs: Runs, notes: readonly string[]): SuiteResult {
  const metrics: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const operation of operations) {
    const factor = operation === 'multi' ? multiSize : 1;
    const ours = (runs[operation].get('ours') ?? []).map(perS);
    for (const [name, peer] of runs[operation]) {
      const suffix = name === 'ours' ? 'Ours' : ratioNames[name as PeerName];
      metrics[`${operation}PerS${suffix}`] = median(peer.map(perS)) * factor;
      metrics[`${operation}CpuUs${suffix}`] =
        median(peer.map(({ cpuMs, requests }) => (cpuMs * 1000) / requests)) / factor;
      if (name === 'ours') continue;
      ratios[`${operation}Over${suffix}`] = median(
        peer.map((run, round) => (ours[round] ?? Number.NaN) / perS(run)),
      );
    }
  }
  return { metrics, ratios, notes };
}

async function measure(folder: string, options: SuiteOptions): Promise<SuiteResult> {
  await using server = await startFastServer(folder);
  const { commands, missing } = await prepareClients(server.connectString);
  for (const line of missing) options.say(line);
  const admin = await connect({ connectString: server.connectString });
  const clients: ClientProcess[] = [];
  try {
    await admin.create(root);
    await Promise.all(keys.map((key) => admin.create(key, data)));
    for (const [name, command] of commands) clients.push(await startClient(name, command));
    options.say(`measuring ${clients.map(({ name }) => name).join(', ')}`);
    return summarise(await runRounds(admin, clients, options), [
      `Requests under way: ${windows.get}; multis: ${windows.multi} of ${multiSize} setData each, counted as updates.`,
      "npm's zookeeper has no multi: its figure is the same updates one by one.",
      '…CpuUs… is processor time of the whole client process per request.',
      ...missing,
    ]);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await admin.close();
  }
}

export const clientSuite: Suite = {
  name: 'client',
  about: "our ZooKeeper client against npm's zookeeper and node-zookeeper-client, and the Java client",
  async run(options) {
    const memory = '/dev/shm';
    const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'orchestrator-bench-'));
    try {
      return await measure(folder, options);
    } finally {
      await removeFolder(folder);
    }
  },
};
