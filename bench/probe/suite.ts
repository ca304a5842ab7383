/** What a probe takes and how soon it tells, on real containers. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  busyboxImage,
  type DockerEngine,
  runCommand,
  startDocker,
  temporaryFolder,
} from '@orchestrator/testing';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median, percentile } from '../statistics.ts';
import { type App, startApp } from './app.ts';
import { type Fleet, fleetOf } from './containers.ts';
import { openSockets } from './crowd.ts';
import { type Daemon, programFromDisk, startDaemon } from './daemon.ts';
import { childrenOf, cpuMs, familyCpuMs, familyResidentMb } from './processes.ts';

const settleMs = 15_000;
const crowdSockets = 20_000;
const crowdMs = 30_000;
const bridged = '/proc/sys/net/bridge/bridge-nf-call-iptables';

interface Usage {
  readonly cpuPercent: number;
  readonly dockerCpuPercent: number;
  readonly rssMb: number;
  /** Of `rssMb`, what is no part of a program's file. */
  readonly privateMb: number;
  readonly wireKbPerS: number;
}

/** Makes the kernel track the connections of bridges, as Docker's own rules would; returns what ends it. */
async function trackConnections(): Promise<() => Promise<void>> {
  const chain = `orch-bench-${process.pid}`;
  const was = await readFile(bridged, 'utf8');
  await runCommand('iptables', ['-w', '-N', chain]);
  await runCommand('iptables', ['-w', '-A', chain, '-m', 'conntrack', '--ctstate', 'NEW']);
  await writeFile(bridged, '1');
  return async () => {
    await writeFile(bridged, was);
    await runCommand('iptables', ['-w', '-F', chain]);
    await runCommand('iptables', ['-w', '-X', chain]);
  };
}

/** dockerd and containerd, without the shims. */
const engineCpuMs = (engine: DockerEngine): number => {
  const pid = engine.pid ?? 0;
  return [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuMs(one), 0);
};

/** Per cent of one core over a time. */
async function percentOver(durationMs: number, spentMs: () => number): Promise<number> {
  const [before, startMs] = [spentMs(), performance.now()];
  await sleep(durationMs);
  return ((spentMs() - before) / (performance.now() - startMs)) * 100;
}

function sampleMemory(probe: Daemon) {
  const samples: { readonly rssMb: number; readonly privateMb: number }[] = [];
  const sampling = setInterval(() => {
    const [rssMb, privateMb] = [familyResidentMb(probe.pid, 'VmRSS'), familyResidentMb(probe.pid, 'RssAnon')];
    samples.push({ rssMb, privateMb });
  }, 1_000);
  const mean = (key: 'rssMb' | 'privateMb') =>
    samples.reduce((sum, one) => sum + one[key], 0) / samples.length;
  return {
    end() {
      clearInterval(sampling);
      return { rssMb: mean('rssMb'), privateMb: mean('privateMb') };
    },
  };
}

/** Memory of a probe on a host that has very many sockets, once it has looked at them. */
async function measureCrowd(start: () => Promise<Daemon>, durationMs: number): Promise<number> {
  const end = await openSockets(crowdSockets);
  const probe = await start();
  try {
    await sleep(settleMs);
    const memory = sampleMemory(probe);
    await sleep(durationMs);
    return memory.end().rssMb;
  } finally {
    await probe.close();
    end();
  }
}

async function measureUsage(
  engine: DockerEngine,
  app: App,
  start: () => Promise<Daemon>,
  durationMs: number,
): Promise<{ usage: Usage; probe: Daemon }> {
  const idlePercent = await percentOver(durationMs, () => engineCpuMs(engine));
  const probe = await start();
  await sleep(settleMs);
  const [bytes, startMs] = [app.receivedBytes(), performance.now()];
  const memory = sampleMemory(probe);
  const [cpuPercent, enginePercent] = await Promise.all([
    percentOver(durationMs, () => familyCpuMs(probe.pid)),
    percentOver(durationMs, () => engineCpuMs(engine)),
  ]);
  const wireKbPerS = ((app.receivedBytes() - bytes) / 1024 / (performance.now() - startMs)) * 1000;
  return {
    usage: {
      cpuPercent,
      dockerCpuPercent: Math.max(0, enginePercent - idlePercent),
      ...memory.end(),
      wireKbPerS,
    },
    probe,
  };
}

interface Delays {
  readonly start: number[];
  readonly stop: number[];
  readonly edge: number[];
  readonly edgeGone: number[];
}

const stateOf = (app: App, id: string) =>
  app
    .nodes('container')
    .find(([node]) => node.startsWith(id))?.[1]
    .latest.get('docker_container_state')?.value;

const stateOfName = (app: App, name: string) => {
  const latest = app
    .nodes('container')
    .map(([, node]) => node.latest)
    .find((leaves) => leaves.get('docker_container_name')?.value === name);
  return latest?.get('docker_container_state')?.value;
};

/** True if an edge leads to this address' port 80. */
const hasEdge = (app: App, ip: string) =>
  app
    .nodes('endpoint')
    .some(([, node]) =>
      [...node.edges].some(([to, { value }]) => value !== undefined && to.endsWith(`${ip};80`)),
    );

async function measureEdge(app: App, ip: string, delays: Delays): Promise<void> {
  const socket = connect({ host: ip, port: 80 });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const openedMs = Date.now();
  delays.edge.push((await app.seen('an edge', () => hasEdge(app, ip))) - openedMs);
  const closedMs = Date.now();
  socket.destroy();
  delays.edgeGone.push((await app.seen('the end of an edge', () => !hasEdge(app, ip))) - closedMs);
}

async function measureDelays(app: App, fleet: Fleet, rounds: number): Promise<Delays> {
  const delays: Delays = { start: [], stop: [], edge: [], edgeGone: [] };
  for (let round = 0; round < rounds; round++) {
    // Listening before it is asked for: the report may be here before the engine's answer.
    const name = `bench-round-${round}`;
    const started = app.seen('a start', () => stateOfName(app, name) === 'running');
    const one = await fleet.start(name, 'nc -ll -p 80 -e cat');
    delays.start.push((await started) - one.startedMs);
    await sleep(500);
    await measureEdge(app, one.ip, delays);
    const seen = app.seen('a stop', () => stateOf(app, one.id) !== 'running');
    const finishedMs = await fleet.kill(one.id);
    delays.stop.push((await seen) - finishedMs);
  }
  return delays;
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const durationMs = quick ? 20_000 : 180_000;
  const compileCache = await temporaryFolder('bench-probe');
  const node = await programFromDisk(compileCache);
  await using engine = await startDocker();
  const fleet = fleetOf(engine, await busyboxImage(engine));
  const untrack = await trackConnections();
  const app = await startApp();
  const start = async () => {
    const connections = app.connections();
    const daemon = startDaemon({ node, socketPath: engine.socketPath, app: app.address, compileCache });
    await app.seen('the probe', () => app.connections() > connections);
    return daemon;
  };
  let probe: Daemon | undefined;
  try {
    const first = await start();
    await sleep(settleMs / 5);
    await first.close();
    const usages: Usage[] = [];
    for (const count of [20, 100]) {
      await fleet.growTo(count);
      say(`${count} containers for ${durationMs / 1000} s without a probe, then with one`);
      const measured = await measureUsage(engine, app, start, durationMs);
      usages.push(measured.usage);
      say(JSON.stringify(measured.usage));
      probe = measured.probe;
      if (count < 100) await probe.close();
    }
    const delays = await measureDelays(app, fleet, quick ? 5 : 20);
    await probe?.close();
    probe = undefined;
    say(`${crowdSockets} sockets`);
    return resultOf(usages, delays, await measureCrowd(start, crowdMs));
  } finally {
    await probe?.close();
    app.close();
    await untrack();
  }
}

function resultOf([small, large]: readonly Usage[], delays: Delays, crowdRssMb: number): SuiteResult {
  if (small === undefined || large === undefined) throw new Error('nothing was measured');
  const seen = {
    startSeenP50Ms: median(delays.start),
    stopSeenP50Ms: median(delays.stop),
    edgeSeenP50Ms: median(delays.edge),
    edgeGoneP50Ms: median(delays.edgeGone),
    edgeGoneP99Ms: percentile(delays.edgeGone, 0.99),
  };
  return {
    metrics: {
      cpuPercent20: small.cpuPercent,
      dockerCpuPercent20: small.dockerCpuPercent,
      cpuPercent100: large.cpuPercent,
      dockerCpuPercent100: large.dockerCpuPercent,
      rssMb100: large.rssMb,
      privateMb100: large.privateMb,
      rssMb20000Sockets: crowdRssMb,
      wireKbPerS100: large.wireKbPerS,
      ...seen,
    },
    ratios: {
      'cpu, at 20 containers, over the limit': (small.cpuPercent + small.dockerCpuPercent) / 1.5,
      'cpu, at 100 containers, over the limit': (large.cpuPercent + large.dockerCpuPercent) / 3,
      'rss over the limit': large.rssMb / 90,
      'rss, with 20,000 sockets, over the limit': crowdRssMb / 130,
      'wire over the limit': large.wireKbPerS / 3,
      'start seen over the limit': seen.startSeenP50Ms / 250,
      'stop seen over the limit': seen.stopSeenP50Ms / 200,
      'edge seen over the limit': seen.edgeSeenP50Ms / 1000,
      'edge gone, 99 of 100, over the limit': seen.edgeGoneP99Ms / 3000,
    },
    notes: [
      'CPU is per cent of one core, of the probe with the programs it starts, and what it adds to dockerd and containerd.',
      'The probe runs on a copy of Node.js that was read from the disk, as after a start of the machine: how much of a program counts as resident depends on how it came into memory. privateMb is without it.',
      'Of ten containers one serves, one calls it each second, the others run a shell that sleeps a second at a time.',
      'Delays count from the times that the engine tells (StartedAt, FinishedAt) and from the connection.',
    ],
  };
}

export const probe: Suite = {
  name: 'probe',
  about: 'a probe beside 20 and 100 containers: processor time, memory, wire, and how soon it tells',
  run,
};
