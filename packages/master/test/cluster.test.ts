/** Masters with their sockets: frameworks over HTTP, agents over libprocess, leaders that go. */
import {
  createFixedDetector,
  createSchedulerClient,
  FrameworkInfo_Capability_Type,
  Offer_Operation_Type,
  type OfferValid,
  Resources,
  type SchedulerClient,
  scheduler,
  TaskState,
} from '@orchestrator/mesos';
import { type Ensemble, removeFolder, startEnsemble, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';

const { Call_Type: call, Event_Type: event } = scheduler;

class Framework implements AsyncDisposable {
  readonly events: scheduler.EventValid[] = [];
  readonly client: SchedulerClient;
  id: string | undefined;

  constructor(master: OneMaster, id?: string) {
    this.client = createSchedulerClient({
      detector: createFixedDetector({ host: master.host, port: master.port }),
      frameworkInfo: {
        ...{ user: 'root', name: 'test', roles: ['web'], failoverTimeout: 60, checkpoint: true },
        capabilities: [
          { type: FrameworkInfo_Capability_Type.MULTI_ROLE },
          { type: FrameworkInfo_Capability_Type.PARTITION_AWARE },
        ],
        ...(id === undefined ? {} : { id: { value: id } }),
      },
      onEvent: (each) => {
        this.events.push(each);
        if (each.subscribed !== undefined) this.id = each.subscribed.frameworkId.value;
      },
    });
  }

  statuses(): (TaskState | undefined)[] {
    return this.events.filter(({ type }) => type === event.UPDATE).map(({ update }) => update?.status.state);
  }

  async offer(): Promise<OfferValid> {
    const find = () => this.events.findLast(({ type }) => type === event.OFFERS)?.offers?.offers[0];
    await waitFor(() => find() !== undefined, { what: 'an offer' });
    const offer = find();
    if (offer === undefined) throw new Error('no offer');
    return offer;
  }

  async launch(taskId: string, offer: OfferValid): Promise<void> {
    await this.client.call({
      type: call.ACCEPT,
      accept: {
        offerIds: [offer.id],
        operations: [
          {
            type: Offer_Operation_Type.LAUNCH,
            launch: {
              taskInfos: [
                {
                  ...{ name: taskId, taskId: { value: taskId }, agentId: offer.agentId },
                  resources: Resources.parse('cpus:1;mem:64').toMessages(),
                  command: { value: 'sleep 1000' },
                },
              ],
            },
          },
        ],
        filters: { refuseSeconds: 3600 },
      },
    });
  }

  async acknowledgeLast(): Promise<void> {
    const status = this.events.findLast(({ type }) => type === event.UPDATE)?.update?.status;
    if (status?.agentId === undefined) throw new Error('nothing to acknowledge');
    const { agentId, taskId, uuid } = status;
    await this.client.call({ type: call.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

test('a task from offer to acknowledged end, and what the APIs show of it', async () => {
  await using master = await startMaster();
  await using agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  await using framework = new Framework(master);
  await framework.launch('t1', await framework.offer());
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
  await using _framework = new Framework(master);
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
    const before = new Framework(first);
    await before.launch('t1', await before.offer());
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
    await first[Symbol.asyncDispose]();
    await waitFor(() => second.service.leading !== undefined, { what: 'the second to lead' });
    expect(second.service.leading?.registrar.registry.admitted.has(agent.id ?? '')).toBe(true);
    agent.register(second.service.info?.pid ?? '');
    await using after = new Framework(second, before.id);
    await waitFor(
      () => second.service.leading?.core.state.frameworks.get(before.id ?? '')?.tasks.has('t1') === true,
      { what: 'the task to be known again' },
    );
    await after.offer();
    expect(second.failures).toEqual([]);
  });
});
