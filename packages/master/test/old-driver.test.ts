/** A driver from before `mesos.scheduler.Call`, as the Go one writes its requests: with a length, without a user agent. */
import { createServer, request, type Server } from 'node:http';
import {
  decodeMessage,
  encodeMessage,
  internal,
  makeMessage,
  OfferSchema,
  Resources,
  TaskState,
} from '@orchestrator/mesos';
import { freePorts, waitFor } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';

type Schema = Parameters<typeof encodeMessage>[0];

class OldDriver implements AsyncDisposable {
  readonly #master: OneMaster;
  readonly #server: Server;
  readonly #pid: string;
  readonly #received: { readonly path: string; readonly body: Buffer }[] = [];

  private constructor(master: OneMaster, port: number) {
    this.#master = master;
    this.#pid = `scheduler(1)@127.0.0.1:${port}`;
    this.#server = createServer((incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        this.#received.push({ path: incoming.url ?? '', body: Buffer.concat(parts) });
        response.writeHead(202).end();
      });
    });
  }

  static async start(master: OneMaster): Promise<OldDriver> {
    const [port = 0] = await freePorts(1);
    const driver = new OldDriver(master, port);
    await new Promise<void>((resolve) => driver.#server.listen({ host: '127.0.0.1', port }, resolve));
    return driver;
  }

  /** Resolves with the status of the answer. */
  say<Desc extends Schema>(schema: Desc, init: Parameters<typeof makeMessage<Desc>>[1]): Promise<number> {
    const body = encodeMessage(schema, makeMessage(schema, init));
    return new Promise((resolve, reject) => {
      const headers = {
        ...{ 'Libprocess-From': this.#pid, 'Content-Type': 'application/x-protobuf' },
        'Content-Length': body.length,
      };
      const { host, port } = this.#master;
      const path = `/master/${schema.typeName}`;
      const sent = request({ host, port, path, method: 'POST', headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      sent.on('error', reject).end(body);
    });
  }

  /** The next message of its kind. */
  async heard<Desc extends Schema>(schema: Desc) {
    const path = `/scheduler(1)/${schema.typeName}`;
    await waitFor(() => this.#received.some((each) => each.path === path), { what: schema.typeName });
    const index = this.#received.findIndex((each) => each.path === path);
    return decodeMessage(schema, this.#received.splice(index, 1)[0]?.body ?? Buffer.alloc(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

test('an old driver registers, runs a task on what it is offered, kills it, and leaves', async () => {
  await using master = await startMaster();
  await using agent = await SimulatedAgent.start({ resources: 'cpus:8;mem:4096;mem(web):4096' });
  agent.register(master.service.info?.pid ?? '');
  await using driver = await OldDriver.start(master);
  const framework = { user: 'root', name: 'old', role: 'web' };
  expect(await driver.say(internal.RegisterFrameworkMessageSchema, { framework })).toBe(202);
  const { frameworkId } = await driver.heard(internal.FrameworkRegisteredMessageSchema);

  const { offers } = await driver.heard(internal.ResourceOffersMessageSchema);
  const [offer = makeMessage(OfferSchema, { agentId: { value: '' } })] = offers;
  // What is offered to it says its role as it did then, and so does what it asks for.
  expect(new Set(offer.resources.map(({ role }) => role))).toEqual(new Set(['*', 'web']));
  const task = {
    ...{ name: 'old', taskId: { value: 't1' }, agentId: offer.agentId, command: { value: 'sleep 60' } },
    resources: Resources.parse('cpus:1;mem(web):64').toMessages('role'),
  };
  const launch = { frameworkId, tasks: [task], filters: { refuseSeconds: 0 }, offerIds: [offer.id] };
  expect(await driver.say(internal.LaunchTasksMessageSchema, launch)).toBe(202);
  const { update, pid } = await driver.heard(internal.StatusUpdateMessageSchema);
  expect(update.status).toMatchObject({ taskId: { value: 't1' }, state: TaskState.TASK_RUNNING });
  expect(pid).toBe(agent.pid);
  const acknowledgement = { frameworkId, taskId: { value: 't1' }, agentId: offer.agentId, uuid: update.uuid };
  await driver.say(internal.StatusUpdateAcknowledgementMessageSchema, acknowledgement);
  await waitFor(() => agent.acknowledged.includes('t1'), { what: 'the acknowledgement' });

  // An offer is declined by launching nothing on it.
  const [rest] = (await driver.heard(internal.ResourceOffersMessageSchema)).offers;
  const decline = { frameworkId, tasks: [], filters: { refuseSeconds: 3_600 }, offerIds: [rest!.id] };
  await driver.say(internal.LaunchTasksMessageSchema, decline);
  await waitFor(() => master.service.leading?.core.state.offers.size === 0, { what: 'the offer to be gone' });
  await driver.say(internal.ReviveOffersMessageSchema, { frameworkId });
  await driver.heard(internal.ResourceOffersMessageSchema);

  const asked = { taskId: { value: 't2' }, state: TaskState.TASK_RUNNING };
  await driver.say(internal.ReconcileTasksMessageSchema, { frameworkId, statuses: [asked] });
  const { update: unknown } = await driver.heard(internal.StatusUpdateMessageSchema);
  expect(unknown.status).toMatchObject({ taskId: { value: 't2' }, state: TaskState.TASK_LOST });

  await driver.say(internal.KillTaskMessageSchema, { frameworkId, taskId: { value: 't1' } });
  const { update: killed } = await driver.heard(internal.StatusUpdateMessageSchema);
  expect(killed.status.state).toBe(TaskState.TASK_KILLED);
  await driver.say(internal.UnregisterFrameworkMessageSchema, { frameworkId });
  await waitFor(() => master.service.leading?.core.state.frameworks.size === 0, { what: 'it to be gone' });
});

test('an old driver that comes back with its id, from another process, is the same framework', async () => {
  await using master = await startMaster();
  await using first = await OldDriver.start(master);
  const framework = { user: 'root', name: 'old', failoverTimeout: 60 };
  await first.say(internal.RegisterFrameworkMessageSchema, { framework });
  const { frameworkId } = await first.heard(internal.FrameworkRegisteredMessageSchema);
  await using second = await OldDriver.start(master);
  await second.say(internal.ReregisterFrameworkMessageSchema, {
    ...{ framework: { ...framework, id: frameworkId }, failover: true },
  });
  const again = await second.heard(internal.FrameworkRegisteredMessageSchema);
  expect(again.frameworkId).toEqual(frameworkId);
  expect((await first.heard(internal.FrameworkErrorMessageSchema)).message).toBe('Framework failed over');
});
