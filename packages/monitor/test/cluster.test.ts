/** The cluster's API against a real master, a real agent and real tasks. */
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Cluster,
  type ClusterDifference,
  cluster as clusterSchema,
  taskPage,
} from '../src/schema/index.ts';
import { type MesosCluster, startMesos } from './mesos-cluster.ts';
import { operatorToken, type RunningMonitor, startMonitor, viewerToken } from './monitor-fixture.ts';

let mesos: MesosCluster;
let monitor: RunningMonitor;

const patience = { timeout: 60_000, interval: 50 };

beforeAll(async () => {
  mesos = await startMesos();
  monitor = await startMonitor({ 'cluster.master': mesos.address });
});

afterAll(async () => {
  await monitor.stop();
  await mesos[Symbol.asyncDispose]();
});

type Method = 'GET' | 'POST' | 'PUT';

async function ask(path: string, method: Method = 'GET', body?: unknown, token = operatorToken) {
  const answer = await fetch(`${monitor.url}${path}`, {
    method,
    headers: {
      ...(token === 'admin' ? { cookie: monitor.admin } : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

const look = async (): Promise<Cluster> => clusterSchema.parse((await ask('/api/cluster')).body);
const tasks = async (query = '') => taskPage.parse((await ask(`/api/cluster/tasks${query}`)).body);
const taskOf = async (id: string) => (await tasks()).tasks.find((task) => task.id === id);

function follow() {
  const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/cluster/ws`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  const messages: ClusterDifference[] = [];
  socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))));
  return { messages, close: () => socket.close() };
}

test('masters, agents, frameworks, roles and use are shown, and each task from start to end', async () => {
  await expect.poll(async () => (await look()).agents.active, patience).toBe(1);
  const first = await look();
  expect(first).toMatchObject({ configured: true, connected: true, problem: null, name: 'tests' });
  expect(first.masters).toMatchObject([{ address: mesos.address, leads: true }]);
  expect(first.total).toMatchObject({ cpus: 4, mem: 2048, ports: 10 });
  expect(first.agentList).toMatchObject([{ hostName: 'h', state: 'active', attributes: { rack: 'r1' } }]);
  expect(first.frameworkList).toMatchObject([{ name: 'shell', roles: ['eng'], active: true }]);

  const live = follow();
  await expect.poll(() => live.messages[0]?.reset, patience).toBe(true);
  await mesos.run('web', 'echo "grüße"; echo lost >&2; sleep 1000', 1.5);
  await expect.poll(async () => (await taskOf('web'))?.state, patience).toBe('running');
  expect(await taskOf('web')).toMatchObject({
    ...{ role: 'eng', frameworkName: 'shell', hostName: 'h', resources: { cpus: 1.5, mem: 64 } },
    labels: { tier: 'front' },
  });
  const told = () => live.messages.findLast(({ summary }) => summary !== undefined)?.summary;
  await expect.poll(() => told()?.tasks.running, patience).toBe(1);
  const toldOfAgent = () =>
    live.messages.some(({ reset, agents }) => reset === undefined && agents?.set.length === 1);
  await expect.poll(toldOfAgent, patience).toBe(true);
  await expect.poll(async () => (await look()).allocated, patience).toMatchObject({ cpus: 1.5 });
  const after = await look();
  expect(after.agentList[0]).toMatchObject({ tasks: 1, allocatedByRole: { eng: { cpus: 1.5 } } });
  expect(after.roleList.find(({ name }) => name === 'eng')).toMatchObject({ allocated: { cpus: 1.5 } });

  const detail = (await ask(`/api/cluster/tasks/${mesos.frameworkId}/web`)).body;
  expect(detail.history.map(({ state }: { state: string }) => state)).toContain('running');
  expect((await ask(`/api/cluster/tasks/${mesos.frameworkId}/none`)).status).toBe(404);
  live.close();

  await mesos.run('batch', 'exit 3');
  await expect.poll(async () => (await taskOf('batch'))?.state, patience).toBe('failed');
  expect((await tasks('?state=active')).tasks.map(({ id }) => id)).toEqual(['web']);
  expect((await tasks('?state=failed&text=BAT')).tasks.map(({ id }) => id)).toEqual(['batch']);
  expect((await tasks('?limit=1&sort=name')).tasks.map(({ id }) => id)).toEqual(['batch']);
  expect((await ask('/api/cluster/tasks?state=happy')).body.message).toContain('"happy" is no state');
});

test('sandboxes: folders, texts piece by piece, files; nothing outside of them', async () => {
  const { agentId, executorId } = (await taskOf('web')) ?? { agentId: '', executorId: '' };
  const place = new URLSearchParams({ agent: agentId, framework: mesos.frameworkId, executor: executorId });
  const stdout = async () => {
    const { files } = (await ask(`/api/cluster/sandbox?${place}`)).body;
    return files.find(({ name }: { name: string }) => name === 'stdout');
  };
  await expect.poll(stdout, patience).toMatchObject({ path: '/stdout', isFolder: false, sizeBytes: 8 });
  const text = async (more: string) =>
    (await ask(`/api/cluster/sandbox/text?${place}&path=/stdout${more}`)).body;
  expect(await text('')).toEqual({ offset: 0, nextOffset: 8, sizeBytes: 8, text: 'grüße\n' });
  // In the middle of a character.
  expect(await text('&offset=0&length=3')).toMatchObject({ nextOffset: 2, text: 'gr' });
  expect(await text('&offset=-1')).toMatchObject({ offset: 7, text: '\n' });
  const file = await fetch(`${monitor.url}/api/cluster/sandbox/download?${place}&path=stderr`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="stderr"');
  expect(await file.text()).toContain('lost\n');
  for (const path of ['../../../../../../../../etc/passwd', '/none']) {
    const wrong = await ask(`/api/cluster/sandbox/text?${place}&path=${encodeURIComponent(path)}`);
    expect(wrong.status).toBe(404);
  }
  expect((await ask(`/api/cluster/sandbox?agent=none&framework=f&executor=e`)).status).toBe(404);
  expect((await ask(`/api/cluster/sandbox?agent=${agentId}&framework=../x&executor=e`)).status).toBe(400);
});

test('why a task does not start, and why a framework gets no offers', async () => {
  const task = await ask('/api/cluster/explain?role=eng&resources=cpus:9;mem:64');
  expect(task.body).toMatchObject({ kind: 'task', activeAgents: 1, fitsNow: 0, fitsWhenEmpty: 0 });
  expect(task.body.requirements).toContainEqual(
    expect.objectContaining({
      requirement: 'cpus',
      neverMetBy: 1,
      amounts: expect.objectContaining({ wanted: 9, mostTotal: 4 }),
    }),
  );
  const framework = await ask(`/api/cluster/explain?framework=${mesos.frameworkId}`);
  expect(framework.body).toMatchObject({ kind: 'framework', roles: [{ role: 'eng' }] });
  expect((await ask('/api/cluster/explain?framework=none')).status).toBe(404);
  expect((await ask('/api/cluster/explain')).status).toBe(400);
});

test('operators drain and take machines out, administrators set quota and weights; all is recorded', async () => {
  const agentId = (await look()).agentList[0]?.id ?? '';
  const post = (path: string, body: unknown, token?: string) => ask(path, 'POST', body, token);
  const refused = await post(`/api/cluster/agents/${agentId}/deactivate`, {}, viewerToken);
  expect(refused.body).toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('needs operator'),
  });
  expect((await post(`/api/cluster/agents/${agentId}/deactivate`, {})).status).toBe(204);
  const state = async () => (await look()).agentList[0]?.state;
  await expect.poll(state, patience).toBe('deactivated');
  expect((await post(`/api/cluster/agents/${agentId}/reactivate`, {})).status).toBe(204);
  await expect.poll(state, patience).toBe('active');

  const quota = { guarantees: { cpus: 1 }, limits: { cpus: 3 } };
  expect((await ask('/api/cluster/roles/eng/quota', 'PUT', quota)).status).toBe(403);
  expect((await ask('/api/cluster/roles/eng/quota', 'PUT', quota, 'admin')).status).toBe(204);
  expect((await ask('/api/cluster/roles/eng/weight', 'PUT', { weight: 2.5 }, 'admin')).status).toBe(204);
  await expect
    .poll(async () => (await look()).roleList, patience)
    .toContainEqual(
      expect.objectContaining({ name: 'eng', weight: 2.5, guarantees: { cpus: 1 }, limits: { cpus: 3 } }),
    );

  const machines = [{ hostName: 'h', ip: '127.0.0.1' }];
  const windows = [{ machines, startMs: Date.now() + 3_600_000, durationMs: 60_000 }];
  expect((await ask('/api/cluster/maintenance', 'PUT', { windows })).status).toBe(204);
  expect((await ask('/api/cluster/maintenance')).body.windows).toEqual(windows);
  await expect.poll(async () => (await look()).agentList[0]?.maintenance, patience).toBe('scheduled');
  expect((await ask('/api/cluster/maintenance', 'PUT', { windows: [] })).status).toBe(204);

  const wrong = await post('/api/cluster/agents/none/drain', {});
  expect(wrong.status).toBeGreaterThanOrEqual(400);
  const { entries } = (await ask('/api/audit?limit=50')).body;
  const actions = entries.map(
    ({ action, outcome }: { action: string; outcome: string }) => `${action} ${outcome.split(':')[0]}`,
  );
  expect(actions).toContain('cluster.deactivate forbidden');
  expect(actions).toContain('cluster.deactivate done');
  expect(actions).toContain('cluster.quota done');
  expect(actions).toContain('cluster.weight done');
});

test('a master that goes and comes back is followed again', async () => {
  const live = follow();
  await expect.poll(() => live.messages.length, patience).toBeGreaterThan(0);
  await mesos.restartMaster();
  await expect
    .poll(() => live.messages.some(({ summary }) => summary?.connected === false), patience)
    .toBe(true);
  const isBack = () => {
    const last = live.messages.findLast(({ summary }) => summary !== undefined)?.summary;
    return last?.connected === true && last.agents.active === 1 && last.tasks.running === 1;
  };
  await expect.poll(isBack, patience).toBe(true);
  live.close();
});

test('a framework is torn down', async () => {
  const path = `/api/cluster/frameworks/${mesos.frameworkId}/teardown`;
  expect((await ask(path, 'POST', {})).status).toBe(403);
  expect((await ask(path, 'POST', {}, 'admin')).status).toBe(204);
  await expect.poll(async () => (await look()).frameworkList.length, patience).toBe(0);
});
