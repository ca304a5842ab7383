/** Masters with their sockets: frameworks over HTTP, agents over libprocess, leaders that go. */
import { createFixedDetector, scheduler, TaskState } from '@orchestrator/mesos';
import { type Ensemble, removeFolder, startEnsemble, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

const { Call_Type: call } = scheduler;

const frameworkOf = (master: OneMaster, id?: string) =>
  new TestFramework({
    detector: createFixedDetector({ host: master.host, port: master.port }),
    ...{ id, acknowledges: false },
  });

test('a task from offer to acknowledged end, and what the APIs show of it', async () => {
  await using master = await startMaster();
  await using agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  await using framework = frameworkOf(master);
  await framework.launch(await framework.offer(), 't1');
  await waitFor(() => framework.statuses().at(-1) === TaskState.TASK_RUNNING, { what: 'the task to run' });
  await framework.acknowledgeLast();
  await waitFor(() => agent.acknowledged.length === 1, { what: 'the acknowledgement' });

  const explain = async (query: string) =>
    (await (await fetch(`${master.url}/explain?${query}`)).json()) as {
      fitsNow: number;
      fitsWhenEmpty: number;
    };
  expect(await explain('role=web&resources=cpus:7.5;mem:64')).toMatchObject({ fitsNow: 0, fitsWhenEmpty: 1 });
  expect(await explain(`framework_id=${framework.id}`)).toBeTruthy();

  const state = (await (await fetch(`${master.url}/state`)).json()) as {
    activated_slaves: number;
    frameworks: { id: string; tasks: { id: string; state: string; resources: object }[] }[];
  };
  expect(state.activated_slaves).toBe(1);
  expect(state.frameworks[0]?.tasks).toMatchObject([
    { id: 't1', state: 'TASK_RUNNING', resources: { cpus: 1, mem: 64 } },
  ]);
  const metrics = (await (await fetch(`${master.url}/metrics/snapshot`)).json()) as Record<string, number>;
  expect(metrics).toMatchObject({
    'master/tasks_running': 1,
    'master/slaves_active': 1,
    'master/cpus_used': 1,
  });
  expect(await (await fetch(`${master.url}/metrics`)).text()).toContain('mesos_master_tasks_running 1');

  await framework.client.call({ type: call.KILL, kill: { taskId: { value: 't1' } } });
  await waitFor(() => framework.statuses().at(-1) === TaskState.TASK_KILLED, {
    what: 'the task to be killed',
  });
  await framework.acknowledgeLast();
  await waitFor(
    () => master.service.leading?.core.state.frameworks.get(framework.id ?? '')?.tasks.size === 0,
    {
      what: 'the task to be forgotten',
    },
  );
});

test('an operator hears of what happens', async () => {
  await using master = await startMaster();
  const ending = new AbortController();
  const response = await fetch(`${master.url}/api/v1`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"type":"SUBSCRIBE"}',
    signal: ending.signal,
  });
  let heard = '';
  const reading = (async () => {
    for await (const part of response.body ?? []) heard += Buffer.from(part as Uint8Array).toString();
  })().catch(() => undefined);
  await using agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  await using _framework = frameworkOf(master);
  const types = () => [...heard.matchAll(/\{"type":"([A-Z_]+)"/g)].map(([, type]) => type);
  await waitFor(() => types().includes('AGENT_ADDED') && types().includes('FRAMEWORK_ADDED'), {
    what: 'the events',
  });
  expect(types().slice(0, 2)).toEqual(['SUBSCRIBED', 'HEARTBEAT']);
  ending.abort();
  await reading;
});

test('who must say who they are is asked for it, and what they may not do is refused', async () => {
  await using master = await startMaster({
    authenticate_http_readwrite: 'true',
    credentials: JSON.stringify({
      credentials: [
        { principal: 'ops', secret: 'right' },
        { principal: 'dev', secret: 'x' },
      ],
    }),
    acls: JSON.stringify({
      permissive: true,
      update_weights: [
        { principals: { values: ['ops'] }, roles: { type: 'ANY' } },
        { principals: { type: 'ANY' }, roles: { type: 'NONE' } },
      ],
    }),
  });
  const put = (credentials: string | undefined) =>
    fetch(`${master.url}/weights`, {
      method: 'PUT',
      body: '[{"role":"web","weight":2}]',
      headers:
        credentials === undefined
          ? {}
          : { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    });
  const nobody = await put(undefined);
  expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="mesos-master-readwrite"',
  ]);
  expect((await put('ops:wrong')).status).toBe(401);
  expect((await put('dev:x')).status).toBe(403);
  expect((await put('ops:right')).status).toBe(200);
});

describe('several masters', () => {
  let ensemble: Ensemble;
  let folder: string;

  beforeAll(async () => {
    ensemble = await startEnsemble({ servers: 1 });
    folder = await temporaryFolder('registry');
  });

  afterAll(async () => {
    await ensemble?.close();
    await removeFolder(folder);
  });

  test('the next leader knows the agents, and tasks when they are back; those that do not lead send on', async () => {
    const flags = {
      zk: `zk://${ensemble.connectString}/mesos`,
      zk_session_timeout: '4secs',
      store: `sqlite:${folder}/r.db`,
    };
    const first = await startMaster(flags);
    await waitFor(() => first.service.leading !== undefined, { what: 'the first to lead' });
    await using second = await startMaster(flags);
    await using agent = await SimulatedAgent.start();
    agent.register(first.service.info?.pid ?? '');
    const before = frameworkOf(first);
    await before.launch(await before.offer(), 't1');
    await waitFor(() => before.statuses().at(-1) === TaskState.TASK_RUNNING, { what: 'the task to run' });

    await waitFor(
      async () => {
        const sentOn = await fetch(`${second.url}/state?x=1`, { redirect: 'manual' });
        return sentOn.headers.get('location') === `//localhost:${first.port}/master/state?x=1`;
      },
      { what: 'the second to know the first' },
    );
    expect((await fetch(`${second.url}/health`)).status).toBe(200);

    await before[Symbol.asyncDispose]();
    // It hears of the new leader before that does itself; it registers once, and is not forgotten.
    agent.register(second.service.info?.pid ?? '');
    await first[Symbol.asyncDispose]();
    await waitFor(() => second.service.leading !== undefined, { what: 'the second to lead' });
    expect(second.service.leading?.registrar.registry.admitted.has(agent.id ?? '')).toBe(true);
    await using after = frameworkOf(second, before.id);
    await waitFor(
      () => second.service.leading?.core.state.frameworks.get(before.id ?? '')?.tasks.has('t1') === true,
      { what: 'the task to be known again' },
    );
    await after.offer();
    expect(second.failures).toEqual([]);
  });
});
