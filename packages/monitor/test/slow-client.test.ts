/** A WebSocket client that stops reading, on a real connection. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { observeNode, type Report } from '@orchestrator/report';
import { waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeToken, type RunningMonitor, startMonitor, viewerToken } from './monitor-fixture.ts';
import { type ScriptedProbe, startProbe } from './scripted-probe.ts';

const containers = 300;
const rounds = 60;
const path = '/api/topology/containers/ws?t=250ms&stopped=both';
const idOf = (index: number) => `${index.toString(16).padStart(64, '0')};<container>`;

let monitor: RunningMonitor;
let probe: ScriptedProbe;

beforeAll(async () => {
  monitor = await startMonitor();
  probe = startProbe(monitor.probePort, { probeId: 'p1', token: probeToken });
});

afterAll(async () => {
  probe.close();
  await monitor.stop();
});

/** Some 4 KB of each container, all different in each round. */
function reportOf(round: number): Report {
  const nodes = Array.from({ length: containers }, (_, index) => {
    const name = `round-${round}-${index}-${'x'.repeat(2_000)}`;
    const latest = { docker_container_name: name, docker_container_state: 'running' };
    return [idOf(index), observeNode(undefined, { latest }, Date.now(), 'p1')] as const;
  });
  return { topologies: new Map([['container', { nodes: new Map(nodes), templates: new Map() }]]) };
}

/** Follows the view by the bytes of the protocol, so that it decides itself what is read. */
async function startReader(): Promise<{
  socket: Socket;
  received: () => number;
  knows: (text: string) => boolean;
}> {
  const { port } = new URL(monitor.url);
  const socket = connect(Number(port), '127.0.0.1');
  let received = 0;
  let last = '';
  await once(socket, 'connect');
  socket.write(
    [
      ...[`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket'],
      ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`],
      ...[`Authorization: Bearer ${viewerToken}`, '', ''],
    ].join('\r\n'),
  );
  socket.on('data', (chunk) => {
    received += chunk.length;
    last = (last + chunk.toString('latin1')).slice(-4 * 2 ** 20);
  });
  return { socket, received: () => received, knows: (text) => last.includes(text) };
}

test('it holds up nobody, is spared what is over, and sees what is there when it reads again', async () => {
  probe.report(reportOf(0), true);
  const slow = await startReader();
  await waitFor(() => slow.knows(`round-0-${containers - 1}-`), { what: 'its first view' });
  slow.socket.pause();
  const before = slow.received();

  let seen = '';
  let bytes = 0;
  const quick = new WebSocket(`${monitor.url.replace('http', 'ws')}${path}`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  quick.addEventListener('message', ({ data }) => {
    seen = String(data);
    bytes += seen.length;
  });
  for (let round = 1; round <= rounds; round++) {
    probe.report(reportOf(round), false);
    await waitFor(() => seen.includes(`round-${round}-${containers - 1}-`), {
      what: `round ${round} at the client that reads`,
      timeoutMs: 60_000,
      intervalMs: 5,
    });
  }
  slow.socket.resume();
  await waitFor(() => slow.knows(`round-${rounds}-${containers - 1}-`), {
    what: 'the last round at the other one',
    timeoutMs: 60_000,
  });
  // Most of it was over before it could have been told.
  expect(bytes).toBeGreaterThan(30 * 2 ** 20);
  expect(slow.received() - before).toBeLessThan(bytes * 0.7);
  slow.socket.destroy();
  quick.close();
});
