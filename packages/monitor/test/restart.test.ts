/** A restart under a hundred clients: told that it ends, they come back and see what was there. */
import { observeNode, type Report } from '@orchestrator/report';
import { freePorts, removeFolder, temporaryFolder } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { expect, test } from 'vitest';
import { createMonitorServer, loadMonitorConfig } from '../src/index.ts';
import { startProbe } from './scripted-probe.ts';

const clients = 100;
const id = `${'d4'.repeat(32)};<container>`;
const patience = { timeout: 60_000, interval: 50 };
const goingAway = 1001;

const report = (): Report => {
  const node = observeNode(undefined, { latest: { docker_container_name: 'web' } }, Date.now(), 'p1');
  return { topologies: new Map([['container', { templates: new Map(), nodes: new Map([[id, node]]) }]]) };
};

test('a hundred clients see everything again after a restart', async () => {
  const folder = await temporaryFolder('monitor-restart');
  const [port = 0, probePort = 0] = await freePorts(2);
  const flags = { workDir: folder, 'http.port': port, 'probes.port': probePort, 'auth.mode': 'off' };
  const start = async () => {
    const server = await createMonitorServer({ config: loadMonitorConfig({ flags }) });
    await server.start();
    const probe = startProbe(probePort, { probeId: 'p1' });
    probe.report(report(), true);
    return { server, probe };
  };
  const url = `ws://127.0.0.1:${port}/api/topology/containers/ws`;
  const seen = new Array<number>(clients).fill(0);
  const codes: number[] = [];
  let isOver = false;
  /** As a browser would: again and again, until it is there. */
  const follow = (client: number) => {
    const socket = new WebSocket(url);
    socket.addEventListener('message', ({ data }) => {
      if (String(data).includes(id)) seen[client] = (seen[client] ?? 0) + 1;
    });
    socket.addEventListener('close', ({ code }) => {
      if (code !== 1006) codes.push(code);
      if (!isOver) setTimeout(follow, 100, client);
    });
  };

  let running = await start();
  for (let client = 0; client < clients; client++) follow(client);
  await expect.poll(() => seen.every((count) => count > 0), patience).toBe(true);
  running.probe.close();
  await running.server.stop();
  expect(codes).toEqual(new Array(clients).fill(goingAway));
  seen.fill(0);
  running = await start();
  await expect.poll(() => seen.every((count) => count > 0), patience).toBe(true);
  isOver = true;
  running.probe.close();
  await running.server.stop();
  await removeFolder(folder);
});
