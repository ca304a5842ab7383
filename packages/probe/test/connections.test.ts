import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ReportNode } from '@orchestrator/report';
import { silentLogger } from '@orchestrator/runtime';
import { busyboxImage, type DockerEngine, runCommand, startDocker, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionSource } from '../src/connection/source.ts';
import { dockerSource } from '../src/docker/source.ts';
import { type Probe, startProbe } from '../src/probe.ts';
import { type AppServer, latestOf, startAppServer } from './app-server.ts';
import { addressOf, runContainer } from './containers.ts';

const timeoutMs = 20_000;
/** A chain that nothing calls: its rule makes the kernel track connections and changes nothing of them. */
const chain = `orch-probe-${process.pid}`;
const bridged = '/proc/sys/net/bridge/bridge-nf-call-iptables';

let engine: DockerEngine;
let image: string;
let server: string;
let serverIp: string;
let wasBridged: string;
const undo: (() => Promise<unknown>)[] = [];

async function watch(
  options: Parameters<typeof connectionSource>[0],
): Promise<{ app: AppServer; probe: Probe }> {
  const app = await startAppServer();
  const probe = startProbe({
    sources: [dockerSource({ socketPath: engine.socketPath }), connectionSource(options)],
    apps: [{ grpc: app.address }],
    logger: silentLogger,
  });
  undo.unshift(
    () => probe.stop(),
    () => app.close(),
  );
  await waitFor(() => app.node('container', `${server};<container>`), { what: 'the server', timeoutMs });
  return { app, probe };
}

/** An edge from a node that is part of `client` to one of the address and port. */
function edgeTo(app: AppServer, client: (node: ReportNode) => boolean, ip: string, port: number) {
  for (const [, node] of app.report().topologies.get('endpoint')?.nodes ?? []) {
    if (node.bornMs <= node.removedMs || !client(node)) continue;
    for (const [to, { value }] of node.edges) {
      const target = app.node('endpoint', to);
      if (
        value !== undefined &&
        latestOf(target, 'address') === ip &&
        latestOf(target, 'port') === String(port)
      )
        return { edge: value, to, target, node };
    }
  }
  return undefined;
}

const partOf = (containerId: string) => (node: ReportNode) =>
  node.parents.get('container')?.has(`${containerId};<container>`) === true;

const open = (host: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
  });

async function listen(host: string): Promise<[Server, port: number]> {
  const listener = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => listener.listen(0, host, resolve));
  return [listener, Object(listener.address()).port];
}

/** Opens and resets as many connections, some of them at a time: nothing of them stays behind. */
async function flood(port: number, connections: number): Promise<void> {
  let left = connections;
  const some = async () => {
    while (left-- > 0) {
      const socket = await open('127.0.0.1', port);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
  };
  await Promise.all(Array.from({ length: 20 }, some));
}

/** Programs of this process that follow connection tracking. */
async function followers(): Promise<number[]> {
  const { stdout } = await runCommand('pgrep', ['--parent', String(process.pid), '--exact', 'conntrack']);
  return stdout.trim().split('\n').map(Number);
}

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  server = await runContainer(engine, image, 'server', {
    Cmd: ['sh', '-c', 'nc -ll -p 80 -e cat'],
  });
  serverIp = await addressOf(engine, server);
  await waitFor(() => open(serverIp, 80).then((socket) => socket.destroy()), {
    what: 'the server to listen',
  });
  wasBridged = await readFile(bridged, 'utf8');
});

afterAll(async () => {
  for (const one of undo) await one();
  await engine?.close();
});

describe('without connection tracking', () => {
  it('sockets tell of connections between containers, whose they are, and their end', async () => {
    const { app } = await watch({ conntrack: false });
    const client = await runContainer(engine, image, 'client', {
      Cmd: [
        'sh',
        '-c',
        `(echo hello; until [ -e /stop ]; do sleep 0.1; done) | nc ${serverIp} 80 >/dev/null; sleep 600`,
      ],
    });
    const found = await waitFor(() => edgeTo(app, partOf(client), serverIp, 80), {
      what: 'the edge',
      timeoutMs,
    });
    expect(found.target && partOf(server)(found.target)).toBe(true);
    await waitFor(() => latestOf(edgeTo(app, partOf(client), serverIp, 80)?.node, 'pid') !== undefined, {
      what: 'the process of the connection',
      timeoutMs,
    });
    await runCommand('docker', ['--host', engine.dockerHost, 'exec', client, 'touch', '/stop']);
    await waitFor(() => edgeTo(app, partOf(client), serverIp, 80) === undefined, {
      what: 'its end',
      timeoutMs,
    });
  });
});

describe('with connection tracking', () => {
  let app: AppServer;
  const onHost = (node: ReportNode) => node.parents.get('container') === undefined;

  beforeAll(async () => {
    await runCommand('iptables', ['-w', '-N', chain]);
    undo.push(() => runCommand('iptables', ['-w', '-X', chain]));
    await runCommand('iptables', ['-w', '-A', chain, '-m', 'conntrack', '--ctstate', 'NEW']);
    undo.unshift(() => runCommand('iptables', ['-w', '-F', chain]));
    await writeFile(bridged, '1');
    undo.unshift(() => writeFile(bridged, wasBridged));
    ({ app } = await watch({ sockets: false }));
    // Events are only told from when the program listens.
    await waitFor(
      async () => {
        (await open(serverIp, 80)).destroy();
        return edgeTo(app, onHost, serverIp, 80);
      },
      { what: 'the first event', timeoutMs, intervalMs: 200 },
    );
  });

  it('connections between containers are seen at once, and are gone soon after', async () => {
    const client = await runContainer(engine, image, 'tracked', {
      Cmd: ['sh', '-c', `sleep 1; (echo hello; sleep 1) | nc ${serverIp} 80 >/dev/null; sleep 600`],
    });
    await waitFor(() => edgeTo(app, partOf(client), serverIp, 80), { what: 'the edge', timeoutMs });
    await waitFor(() => edgeTo(app, partOf(client), serverIp, 80) === undefined, {
      what: 'its end',
      timeoutMs,
    });
  });

  it('what ends while there are more events than the kernel keeps is gone soon after, too', async () => {
    const [listener, port] = await listen('127.0.0.1');
    const [flooded, floodPort] = await listen('127.0.0.1');
    const socket = await open('127.0.0.1', port);
    await waitFor(() => edgeTo(app, onHost, '127.0.0.1', port), { what: 'the edge', timeoutMs });
    const [follower = 0] = await followers();
    process.kill(follower, 'SIGSTOP');
    try {
      await flood(floodPort, 8_000);
      socket.destroy();
      await once(socket, 'close');
    } finally {
      process.kill(follower, 'SIGCONT');
    }
    await waitFor(() => edgeTo(app, onHost, '127.0.0.1', port) === undefined, { what: 'its end', timeoutMs });
    listener.close();
    flooded.close();
  });

  it('UDP is seen too', async () => {
    const client = await runContainer(engine, image, 'asking', {
      Cmd: ['sh', '-c', `while sleep 1; do nslookup nobody.test ${serverIp}; done`],
    });
    const { target } = await waitFor(() => edgeTo(app, partOf(client), serverIp, 53), {
      what: 'the question',
      timeoutMs,
    });
    expect(target && partOf(server)(target)).toBe(true);
  });

  it('IPv6 is seen too', async () => {
    await runCommand('ip6tables', ['-w', '-N', chain]);
    undo.push(() => runCommand('ip6tables', ['-w', '-X', chain]));
    await runCommand('ip6tables', ['-w', '-A', chain, '-m', 'conntrack', '--ctstate', 'NEW']);
    undo.unshift(() => runCommand('ip6tables', ['-w', '-F', chain]));
    const address = `fd7a:${(process.pid % 0xffff).toString(16)}::1`;
    await runCommand('ip', ['address', 'add', `${address}/128`, 'dev', 'lo']);
    undo.unshift(() => runCommand('ip', ['address', 'del', `${address}/128`, 'dev', 'lo']));
    const [listener, port] = await listen(address);
    const socket = await open(address, port);
    await waitFor(() => edgeTo(app, onHost, address, port), { what: 'the edge', timeoutMs });
    socket.destroy();
    listener.close();
  });

  it('connections that are over at once are counted', async () => {
    const before = edgeTo(app, onHost, serverIp, 80)?.edge.opened ?? 0;
    for (let count = 0; count < 20; count++) (await open(serverIp, 80)).destroy();
    await waitFor(() => (edgeTo(app, onHost, serverIp, 80)?.edge.opened ?? 0) >= before + 20, {
      what: 'twenty more connections',
      timeoutMs,
    });
  });

  it('an address that is translated leads to the one behind it', async () => {
    const rule = ['-p', 'tcp', '-d', engine.bridgeAddress, '--dport', '18080', '-j', 'DNAT'];
    const target = ['--to-destination', `${serverIp}:80`];
    await runCommand('iptables', ['-w', '-t', 'nat', '-A', 'OUTPUT', ...rule, ...target]);
    undo.unshift(() => runCommand('iptables', ['-w', '-t', 'nat', '-D', 'OUTPUT', ...rule, ...target]));
    const socket = await open(engine.bridgeAddress, 18080);
    const [, alias] = await waitFor(
      () => app.find('endpoint', (node) => latestOf(node, 'port') === '18080'),
      { what: 'the published address', timeoutMs },
    );
    expect(latestOf(alias, 'copy_of')).toBe(edgeTo(app, onHost, serverIp, 80)?.to);
    socket.destroy();
  });

  it('bytes are counted where the kernel counts them', async () => {
    const accounting = '/proc/sys/net/netfilter/nf_conntrack_acct';
    const was = await readFile(accounting, 'utf8');
    await writeFile(accounting, '1');
    undo.unshift(() => writeFile(accounting, was));
    const socket = await open(serverIp, 80);
    socket.resume();
    const talk = setInterval(() => socket.write('x'.repeat(10_000)), 100);
    try {
      await waitFor(() => (edgeTo(app, onHost, serverIp, 80)?.edge.sentBytesPerS ?? 0) > 20_000, {
        what: 'the rate of the connection',
        timeoutMs,
      });
    } finally {
      clearInterval(talk);
      socket.destroy();
    }
  });
});

it.each(['127.0.0.1', '::1'])('on the host, the processes of both ends are found: %s', async (host) => {
  const { app } = await watch({ conntrack: false });
  const [listener, port] = await listen(host);
  const socket = await open(host, port);
  const own = (node: ReportNode) => latestOf(node, 'pid') === String(process.pid);
  const { target } = await waitFor(() => edgeTo(app, own, host, port), {
    what: 'the edge',
    timeoutMs,
  });
  expect(latestOf(target, 'pid')).toBe(String(process.pid));
  socket.destroy();
  listener.close();
});
