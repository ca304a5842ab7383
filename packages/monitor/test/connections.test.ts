/** Who talks to whom, as the views of real processes and containers show it: through a probe as it runs on a host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  busyboxImage,
  type DockerEngine,
  freePorts,
  runCommand,
  startDocker,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeToken, type RunningMonitor, startMonitor, viewerToken } from './monitor-fixture.ts';

interface Summary {
  readonly id: string;
  readonly adjacency?: readonly string[];
  readonly parents?: readonly { readonly id: string; readonly topologyId: string }[];
}

type View = Record<string, Summary>;

/**
 * In a namespace where connections come and go all the time, as in this machine's own while other tests run, the probe looks for
 * their processes ever more rarely, down to every two minutes.
 */
const timeoutMs = 180_000;
const whole = { timeout: timeoutMs + 60_000 };
const probeProgram = fileURLToPath(new URL('./probe-program.ts', import.meta.url));
const bridged = '/proc/sys/net/bridge/bridge-nf-call-iptables';
/** Of a network that is for documentation only. */
const internetAddress = '203.0.113.9';
const outbound = 'out-theinternet';
const uncontained = 'pseudo:uncontained:ends';
/** A chain that nothing calls: its rule makes the kernel track connections and changes nothing of them. */
const chain = `orch-ends-${process.pid}`;

let engine: DockerEngine;
let image: string;
const children: ChildProcess[] = [];
const undo: (() => unknown)[] = [];

function start(command: string, args: readonly string[]): number {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  return child.pid ?? 0;
}

const netcat = (...args: string[]) => start('busybox', ['nc', ...args]);
const listens = (port: number) =>
  waitFor(async () => (await runCommand('ss', ['-Htln', `sport = :${port}`])).stdout.includes('LISTEN'), {
    what: `port ${port}`,
    timeoutMs,
  });

async function container(name: string, script: string): Promise<{ id: string; ip: string }> {
  const docker = ['--host', engine.dockerHost, 'run', '--detach', '--name', name, image];
  const { stdout } = await runCommand('docker', [...docker, 'sh', '-c', script]);
  const id = stdout.trim();
  const { NetworkSettings } = JSON.parse(await engine.request('GET', `/containers/${id}/json`));
  return { id, ip: NetworkSettings.IPAddress };
}

/** A pipeline lasts as long as its longest part, so the server must be there before it begins. */
const held = (ip: string, port: number) =>
  `until nc ${ip} ${port} </dev/null; do sleep 0.1; done; sleep 600 | nc ${ip} ${port}`;

let made = 0;

/** Connections of each kind, which stay. */
async function connect(kind: string) {
  // Run once more, a test meets the containers of its first run.
  const name = `${kind}-${++made}`;
  const [port = 0, other = 0] = await freePorts(2);
  const [loopbackServer, hostServer] = [
    netcat('-ll', '-p', String(port), '-e', 'cat'),
    netcat('-ll', '-p', String(other), '-e', 'cat'),
  ];
  await Promise.all([listens(port), listens(other)]);
  const loopbackClient = netcat('127.0.0.1', String(port));
  const server = await container(`${name}-server`, 'nc -ll -p 80 -e cat');
  const [client, several, toHost] = await Promise.all([
    container(`${name}-client`, held(server.ip, 80)),
    container(`${name}-several`, `nc -ll -p 7000 -e cat & ${held('127.0.0.1', 7000)}`),
    container(`${name}-to-host`, held(engine.bridgeAddress, other)),
  ]);
  const internet: Socket = createSocket('udp4').on('error', () => undefined);
  internet.connect(9, internetAddress);
  await once(internet, 'connect');
  internet.send('x');
  undo.push(() => internet.close());
  return { loopbackServer, hostServer, loopbackClient, server, client, several, toHost };
}

type Connections = Awaited<ReturnType<typeof connect>>;

async function watch(...flags: string[]): Promise<RunningMonitor> {
  const monitor = await startMonitor({ 'history.enabled': false });
  const args = [
    ...[`127.0.0.1:${monitor.probePort}`, '--token-env=PROBE', `--docker-socket=${engine.socketPath}`],
    ...['--host-id=ends', '--host-name=ends', '--metrics-port=0', '--log-level=warn', ...flags],
  ];
  const probe = spawn(process.execPath, [probeProgram, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PROBE: probeToken },
  });
  undo.unshift(async () => {
    probe.kill('SIGTERM');
    await once(probe, 'exit');
    await monitor.stop();
  });
  return monitor;
}

async function view({ url }: RunningMonitor, name: string): Promise<View> {
  const headers = { authorization: `Bearer ${viewerToken}` };
  const answer = await fetch(`${url}/api/topology/${name}`, { headers });
  return Object(await answer.json()).nodes ?? {};
}

const isIn = (summary: Summary | undefined, containerId: string) =>
  summary?.parents?.some(({ id }) => id.startsWith(containerId)) === true;

/** An edge from a process to another one, each told by its pid or by its container. */
const hasEdge = (processes: View, from: number | string, to: number | string) => {
  const fits = (id: string, end: number | string) =>
    typeof end === 'number' ? id === `ends;${end}` : id === end || isIn(processes[id], end);
  return Object.values(processes).some(
    ({ id, adjacency = [] }) =>
      fits(id, from) && adjacency.some((target) => target !== id && fits(target, to)),
  );
};

const containerEdge = (containers: View, from: string, to: string) =>
  Object.values(containers).some(
    ({ id, adjacency = [] }) => id.startsWith(from) && adjacency.some((target) => target.startsWith(to)),
  );

async function expectAll(monitor: RunningMonitor, made: Connections): Promise<void> {
  const { loopbackServer, hostServer, loopbackClient, server, client, several, toHost } = made;
  const missing = async () => {
    const [processes, containers] = await Promise.all([
      view(monitor, 'processes'),
      view(monitor, 'containers'),
    ]);
    const seen = {
      'processes: over loopback': hasEdge(processes, loopbackClient, loopbackServer),
      'processes: of two containers': hasEdge(processes, client.id, server.id),
      'processes: of one container': hasEdge(processes, several.id, several.id),
      'processes: from a container to the host': hasEdge(processes, toHost.id, hostServer),
      'processes: from the host to the internet': hasEdge(processes, process.pid, outbound),
      'containers: from one to another': containerEdge(containers, client.id, server.id),
      'containers: within one': containerEdge(containers, several.id, several.id),
      'containers: from one to the host': containerEdge(containers, toHost.id, uncontained),
      'containers: from the host to the internet': containerEdge(containers, uncontained, outbound),
      'no edge from the internet to the internet': !containerEdge(processes, 'in-theinternet', outbound),
    };
    return Object.entries(seen).flatMap(([what, is]) => (is ? [] : [what]));
  };
  await waitFor(async () => (await missing()).length === 0, {
    what: 'edges with both their ends',
    timeoutMs,
    intervalMs: 100,
  }).catch(async () => expect(await missing()).toEqual([]));
}

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  const wasBridged = await readFile(bridged, 'utf8');
  await runCommand('iptables', ['-w', '-N', chain]);
  undo.unshift(() => runCommand('iptables', ['-w', '-X', chain]));
  await runCommand('iptables', ['-w', '-A', chain, '-m', 'conntrack', '--ctstate', 'NEW']);
  undo.unshift(() => runCommand('iptables', ['-w', '-F', chain]));
  await writeFile(bridged, '1');
  undo.unshift(() => writeFile(bridged, wasBridged));
});

afterAll(async () => {
  for (const one of undo) await one();
  for (const child of children) child.kill('SIGKILL');
  await engine?.close();
});

describe.each([
  ['with connection tracking', 'tracked', []],
  ['by looks at sockets alone', 'looked', ['--sources.connection.conntrack=false']],
])('%s, connections have the right ends', (_, name, flags) => {
  let before: Connections;
  let monitor: RunningMonitor;

  beforeAll(async () => {
    before = await connect(`${name}-before`);
    monitor = await watch(...flags);
  });

  it('that were there before the probe', whole, () => expectAll(monitor, before));

  it('that begin while it looks', whole, async () => expectAll(monitor, await connect(`${name}-after`)));
});
