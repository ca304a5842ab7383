/** Two instances that find each other in a real etcd: what one probe tells one of them, both know and can act on. */
import { observeNode, type Report } from '@orchestrator/report';
import { type EtcdCluster, startEtcd, waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operatorToken, probeToken, type RunningMonitor, startMonitor } from './monitor-fixture.ts';
import { type ScriptedProbe, startProbe } from './scripted-probe.ts';

let etcd: EtcdCluster;
let here: RunningMonitor;
let there: RunningMonitor;
let probe: ScriptedProbe;

const id = `${'c3'.repeat(32)};<container>`;
const patience = { timeout: 60_000, interval: 50 };

function reportOf(state: string): Report {
  const latest = { docker_container_name: 'web', docker_container_state: state };
  const node = observeNode(undefined, { latest, controls: ['docker_stop_container'] }, Date.now(), 'p1');
  return { topologies: new Map([['container', { templates: new Map(), nodes: new Map([[id, node]]) }]]) };
}

beforeAll(async () => {
  etcd = await startEtcd();
  const flags = { 'sharing.store': etcd.storeUrl, 'history.enabled': false };
  [here, there] = await Promise.all([startMonitor(flags), startMonitor(flags)]);
  probe = startProbe(here.probePort, {
    ...{ probeId: 'p1', token: probeToken },
    control: ({ control }) => {
      if (control === 'docker_exec_container') return { pipeId: 'pipe-1', rawTty: true };
      if (control === 'docker_stop_container') return { value: 'stopped' };
      return { error: 'no such control', errorCode: 'not-found' };
    },
  });
  probe.report(reportOf('running'), true);
});

afterAll(async () => {
  probe.close();
  await Promise.all([here.stop(), there.stop()]);
  await etcd.close();
});

const authorization = { authorization: `Bearer ${operatorToken}` };
/** Answers are looked into as they are. */
const bodyOf = (answer: Response) =>
  answer.json().then(
    (body) => body as { nodes: Record<string, { label: string }>; entries: { action: string }[] } & unknown[],
    () => undefined,
  );
const get = async (monitor: RunningMonitor, path: string) => {
  const answer = await fetch(`${monitor.url}${path}`, { headers: authorization });
  return { status: answer.status, body: await bodyOf(answer) };
};
const post = async (monitor: RunningMonitor, path: string) => {
  const answer = await fetch(`${monitor.url}${path}`, { method: 'POST', headers: authorization });
  return { status: answer.status, body: await bodyOf(answer) };
};
const nameThere = async () => (await get(there, '/api/topology/containers')).body?.nodes[id]?.label;

test('what a probe tells one instance is seen at the other, and changes at once', async () => {
  await expect.poll(nameThere, patience).toBe('web');
  const probes = async () => (await get(there, '/api/probes')).body;
  await expect.poll(probes, patience).toMatchObject([{ id: 'p1', hostname: 'host-1', connected: true }]);
  const exited = observeNode(undefined, { latest: { docker_container_name: 'web-2' } }, Date.now() + 5, 'p1');
  const report: Report = {
    topologies: new Map([['container', { templates: new Map(), nodes: new Map([[id, exited]]) }]]),
  };
  probe.report(report, false);
  await expect.poll(nameThere, patience).toBe('web-2');
});

test('controls and terminals go through the instance that the probe is at', async () => {
  expect(await post(there, `/api/containers/${encodeURIComponent(id)}/stop`)).toEqual({
    status: 200,
    body: { value: 'stopped' },
  });
  expect((await post(there, `/api/containers/${encodeURIComponent(id)}/pause`)).status).toBe(404);
  expect((await post(there, `/api/containers/${encodeURIComponent(id)}/exec`)).body).toEqual({
    pipe: 'pipe-1',
    raw_tty: true,
  });
  const socket = new WebSocket(`${there.url.replace('http', 'ws')}/api/pipe/pipe-1`, {
    headers: authorization,
  });
  socket.binaryType = 'arraybuffer';
  let seen = '';
  socket.addEventListener('message', ({ data }) => (seen += Buffer.from(data as ArrayBuffer).toString()));
  socket.addEventListener('open', () => socket.send('ls\n'));
  const typed = await waitFor(() => probe.received.find((message) => message.case === 'pipeBytes'), {
    what: 'typing',
  });
  expect(Buffer.from((typed.value as { bytes: Uint8Array }).bytes).toString()).toBe('ls\n');
  probe.send({ case: 'pipeBytes', value: { pipeId: 'pipe-1', bytes: Buffer.from('bin etc') } });
  await waitFor(() => seen === 'bin etc', { what: 'the answer' });
  let closed = false;
  socket.addEventListener('close', () => (closed = true));
  probe.send({ case: 'pipeEnd', value: { pipeId: 'pipe-1', error: '' } });
  await waitFor(() => closed, { what: 'the end of the terminal' });
  const entries = (await get(there, '/api/audit')).body?.entries ?? [];
  expect(entries.map(({ action }) => action)).toContain('docker_exec_container');
});

test('a probe that goes to the other instance is known at both as before', async () => {
  probe.close();
  probe = startProbe(there.probePort, { probeId: 'p1', token: probeToken });
  probe.report(reportOf('running'), true);
  await expect
    .poll(async () => (await get(here, '/api/topology/containers')).body?.nodes[id]?.label, patience)
    .toBe('web');
  const connected = async (monitor: RunningMonitor) =>
    (await get(monitor, '/api/probes')).body?.map((each) => (each as { connected: boolean }).connected);
  await expect.poll(() => connected(here), patience).toEqual([true]);
  await expect.poll(() => connected(there), patience).toEqual([true]);
});
