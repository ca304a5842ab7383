import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { observeNode, type Report } from '@orchestrator/report';
import { waitFor } from '@orchestrator/testing';
import { request, WebSocket } from 'undici';
import { expect, test } from 'vitest';
import { probeToken, startMonitor, viewerToken } from './monitor-fixture.ts';
import { startProbe } from './scripted-probe.ts';

test.each([
  [true, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
  [false, ''],
])(
  'WebSockets are compressed only where the configuration says so: %s',
  async (compressWebSockets, agreed) => {
    const monitor = await startMonitor({ 'http.compressWebSockets': compressWebSockets });
    const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/topology/containers/ws`, {
      headers: { authorization: `Bearer ${viewerToken}` },
    });
    const message = await new Promise<string>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(String(data)));
    });
    expect(JSON.parse(message)).toMatchObject({ reset: true });
    expect(socket.extensions).toBe(agreed);
    socket.close();
    await monitor.stop();
  },
);

test('a view of thousands comes in pieces, compressed for those who take it', async () => {
  const count = 3_000;
  const nodes = Array.from({ length: count }, (_, index) => {
    const latest = { docker_container_name: `name ${index}`, docker_container_state: 'running' };
    return [`${index};<container>`, observeNode(undefined, { latest }, Date.now(), 'p1')] as const;
  });
  const report: Report = {
    topologies: new Map([['container', { nodes: new Map(nodes), templates: new Map() }]]),
  };
  const monitor = await startMonitor();
  const probe = startProbe(monitor.probePort, { probeId: 'p1', token: probeToken });
  probe.report(report, true);
  const get = (encoding: string) =>
    request(`${monitor.url}/api/topology/containers`, {
      headers: { authorization: `Bearer ${viewerToken}`, 'accept-encoding': encoding },
    });
  const plain = async () => JSON.parse(await (await get('identity')).body.text());
  await waitFor(async () => Object.keys((await plain()).nodes).length === count, { what: 'all containers' });
  const { headers, body } = await get('gzip');
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
  expect(JSON.parse(await text(body.pipe(createGunzip())))).toEqual(await plain());
  probe.close();
  await monitor.stop();
});
