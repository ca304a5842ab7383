/** What a real agent answered, asked of ours. */
import { readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createFixedDetector, internal } from '@orchestrator/mesos';
import { freePorts, removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent, agentConfig, createContainerizer, ProcessRuntime } from '../src/index.ts';
import { frameworkId, ScriptedMaster, task } from './scripted-master.ts';

interface Exchange {
  case: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
  status: number;
  contentType: string | null;
  answer: unknown;
  allow?: string;
}

const load = (name: string) => JSON.parse(readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8'));
const exchanges: Exchange[] = load('exchanges.json');
const shapes: Record<string, string[]> = load('shapes.json');

let workDir: string;
let master: ScriptedMaster;
let agent: Agent;
let port: number;

beforeAll(async () => {
  workDir = await temporaryFolder('agent-api');
  const ports = await freePorts(2);
  port = ports[1]!;
  master = new ScriptedMaster(ports[0]!);
  const flags = {
    ...{ master: 'unused', port: String(port), work_dir: workDir, hostname: 'h', attributes: 'rack:r1' },
    ...{ resources: 'cpus:4;mem:2048;disk:1000', registration_backoff_factor: '10ms' },
  };
  agent = new Agent({
    config: agentConfig(flags),
    containerizer: createContainerizer(new ProcessRuntime({ stateFolder: join(workDir, 'process') })),
    detector: createFixedDetector({ host: '127.0.0.1', port: ports[0]! }),
    onFatal: (error) => {
      throw error;
    },
  });
  await agent.start();
  await master.untilRegistered();
  master.run(task('runs', 'echo started; sleep 1000'));
  master.run(task('fails', 'exit 7'));
  await waitFor(() => master.statesOf('runs').length === 2 && master.statesOf('fails').length === 3, {
    what: 'the tasks',
  });
});
afterAll(async () => {
  master.send(internal.ShutdownFrameworkMessageSchema, { frameworkId });
  await waitFor(() => agent.state.frameworks.size === 0, { what: 'the end of the tasks' });
  await agent.stop();
  master.close();
  await removeFolder(workDir);
});

async function ask(path: string, options: { method?: string; headers?: object; body?: string } = {}) {
  const { method = 'GET', headers = {}, body } = options;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers: { ...headers }, agent: false },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const getJson = async (path: string) => JSON.parse((await ask(path)).body);

async function call(body: object) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  return await ask('/api/v1', { method: 'POST', headers, body: JSON.stringify(body) });
}

test.each(exchanges)('$case', async ({ method, path, headers, body, status, contentType, answer, allow }) => {
  const got = await ask(path, { method, headers, ...(body !== null && { body }) });
  expect(got.status).toBe(status);
  expect(got.headers['content-type'] ?? null).toBe(contentType);
  expect(got.headers.allow).toBe(allow);
  expect(typeof answer === 'string' ? got.body : JSON.parse(got.body)).toEqual(answer);
});

const lacking = (value: object, shape: string) => shapes[shape]!.filter((name) => !(name in value));

test('paths as careless clients write them', async () => {
  expect((await ask('//slave(1)//state')).status).toBe(200);
  expect(await ask('/%zz')).toMatchObject({ status: 400, body: 'Failed to decode URL path' });
});

test('/state, with and without its prefix, has every key', async () => {
  const state = await getJson('/slave(1)/state');
  const [framework] = state.frameworks;
  const [failed] = framework.completed_executors;
  expect(lacking(state, 'state')).toEqual([]);
  expect(lacking(state.resources, 'resources')).toEqual([]);
  expect(lacking(framework, 'framework')).toEqual([]);
  expect(lacking(failed, 'commandExecutor')).toEqual([]);
  expect(lacking(failed.completed_tasks[0], 'task')).toEqual([]);
  expect(failed).toMatchObject({
    id: 'fails',
    name: "Command Executor (Task: fails) (Command: sh -c 'exit 7')",
  });
  expect(failed.completed_tasks[0].statuses.map((status: { state: string }) => status.state)).toEqual([
    'TASK_STARTING',
    'TASK_RUNNING',
    'TASK_FAILED',
  ]);
  expect((await ask('/state')).body).toContain('"cpus":4.0');
});

test('what containers use, and figures under their names', async () => {
  const [statistics] = await getJson('/monitor/statistics');
  expect(lacking(statistics, 'statistics')).toEqual([]);
  expect(lacking(statistics.statistics, 'figures')).toEqual([]);
  const figures = await getJson('/metrics/snapshot');
  expect(figures).toMatchObject({ 'slave/tasks_running': 1, 'slave/tasks_failed': 1, 'slave/registered': 1 });
});

test('files of sandboxes by both their names, and nothing that leads out of them', async () => {
  const virtual = '/frameworks/F-0001/executors/runs/runs/latest';
  const { directory } = (await getJson('/state')).frameworks[0].executors[0];
  await symlink('/etc/passwd', join(directory, 'leak'));
  for (const path of [virtual, directory]) {
    const files = await getJson(`/files/browse?path=${encodeURIComponent(path)}`);
    expect(lacking(files[0], 'file')).toEqual([]);
    expect(await getJson(`/files/read?path=${path}/stdout&offset=0&length=200`)).toEqual({
      ...{ data: 'started\n', offset: 0 },
    });
    expect((await ask(`/files/download?path=${path}/stdout`)).body).toBe('started\n');
    expect((await ask(`/files/read?path=${path}/leak&offset=0`)).status).toBe(404);
    expect((await ask(`/files/read?path=${path}/../../../../../../../../../meta/boot_id`)).status).toBe(404);
  }
  expect(await getJson('/files/debug')).toMatchObject({
    [virtual]: directory,
    [directory]: directory,
    [join(directory, '../latest')]: directory,
  });
  expect(await getJson(`/files/read?path=${virtual}/stdout`)).toEqual({ data: '', offset: 8 });
  expect((await ask(`/files/read?path=${virtual}/stdout&offset=zz`)).body).toBe(
    "Failed to parse offset: Failed to convert 'zz' to number.\n",
  );
  expect((await ask(`/files/read?path=${virtual}&offset=0`)).body).toBe('Cannot read a directory.\n');
});

test('the v1 reads', async () => {
  const path = '/frameworks/F-0001/executors/runs/runs/latest/stdout';
  const read = await call({ type: 'READ_FILE', read_file: { path, offset: 0, length: 50 } });
  expect(JSON.parse(read.body)).toEqual({ type: 'READ_FILE', read_file: { size: 8, data: 'c3RhcnRlZAo=' } });
  const state = JSON.parse((await call({ type: 'GET_STATE' })).body).get_state;
  expect(state.get_tasks.launched_tasks).toMatchObject([
    { task_id: { value: 'runs' }, state: 'TASK_RUNNING' },
  ]);
  expect(state.get_tasks.completed_tasks).toMatchObject([{ task_id: { value: 'fails' } }]);
  expect(state.get_frameworks.frameworks).toHaveLength(1);
  const { get_agent: found } = JSON.parse((await call({ type: 'GET_AGENT' })).body);
  expect(found.agent_info).toMatchObject({ hostname: 'h', id: { value: 'M-S0' } });
  const { get_containers: containers } = JSON.parse((await call({ type: 'GET_CONTAINERS' })).body);
  expect(containers.containers[0].resource_statistics.mem_limit_bytes).toBe(32 * 1024 * 1024);
  expect((await call({ type: 'LAUNCH_NESTED_CONTAINER_SESSION' })).body).toBe(
    "Failed to validate agent::Call: Expecting 'launch_nested_container_session' to be present",
  );
  expect((await call({ type: 'ADD_RESOURCE_PROVIDER_CONFIG' })).status).toBe(501);
});
