/** Old drivers and authentication, over libprocess. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import {
  authenticate,
  createLibprocess,
  createSharedServer,
  decodeMessage,
  internal,
  type Libprocess,
  type LocalProcess,
  makeMessage,
  parseUpid,
  type Upid,
} from '@orchestrator/mesos';
import { freePorts, waitFor } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';

/** SUBSCRIBE of the C++ driver of "Test Framework (C++)", as it was on the wire. */
const subscribe = await readFile(join(import.meta.dirname, 'data/driver-subscribe.bin'));

class Driver implements AsyncDisposable {
  readonly received: { readonly type: string; readonly body: Buffer }[] = [];
  readonly node: Libprocess;
  readonly process: LocalProcess;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #master: Upid;

  private constructor(node: Libprocess, server: Server, sockets: ReadonlySet<Socket>, master: Upid) {
    this.node = node;
    this.#sockets = sockets;
    this.#server = server;
    this.#master = master;
    this.process = node.spawn('scheduler-1', ({ type, body }) => {
      this.received.push({ type: type.slice(type.lastIndexOf('.') + 1), body: Buffer.from(body) });
    });
  }

  static async start(master: OneMaster): Promise<Driver> {
    const [port = 0] = await freePorts(1);
    const sockets = new Set<Socket>();
    const libprocess = createLibprocess({ address: { host: '127.0.0.1', port } });
    const server = createSharedServer({ libprocess, http: createServer() });
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
    const upid = parseUpid(master.service.info?.pid ?? '');
    if (upid === undefined) throw new Error('the master has no address');
    return new Driver(libprocess, server, sockets, upid);
  }

  subscribe(): void {
    this.process.sendBytes(this.#master, 'mesos.scheduler.Call', subscribe);
  }

  revive(frameworkId: string): void {
    const schema = internal.ReviveOffersMessageSchema;
    this.process.send(this.#master, schema, makeMessage(schema, { frameworkId: { value: frameworkId } }));
  }

  authenticate(secret: string): Promise<boolean> {
    const { node, process } = this;
    return authenticate({
      libprocess: node,
      master: this.#master,
      client: process.pid,
      principal: 'test',
      secret,
    });
  }

  async heard(type: string): Promise<Buffer> {
    const find = () => this.received.find((each) => each.type === type)?.body;
    await waitFor(() => find() !== undefined, { what: type });
    return find() ?? Buffer.alloc(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.node.close();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

test('a driver subscribes, is offered what agents have, and keeps its place until it is gone', async () => {
  await using master = await startMaster();
  await using agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  const driver = await Driver.start(master);
  driver.subscribe();
  const registered = decodeMessage(
    internal.FrameworkRegisteredMessageSchema,
    await driver.heard('FrameworkRegisteredMessage'),
  );
  const id = registered.frameworkId.value;
  expect(registered.masterInfo.pid).toBe(master.service.info?.pid);
  const { offers, pids } = decodeMessage(
    internal.ResourceOffersMessageSchema,
    await driver.heard('ResourceOffersMessage'),
  );
  expect(pids).toHaveLength(offers.length);
  expect(pids[0]).toMatch(/^slave\(1\)@127\.0\.0\.1:/);
  expect(offers[0]?.allocationInfo?.role).toBe('*');
  await driver[Symbol.asyncDispose]();
  await waitFor(() => master.service.leading?.core.state.frameworks.get(id)?.connection === undefined, {
    what: 'the driver to be missed',
  });
});

test('with authentication, only who knows a secret gets in', async () => {
  await using master = await startMaster({
    authenticate_frameworks: 'true',
    authenticate_agents: 'true',
    credentials: '{"credentials":[{"principal":"test","secret":"right"}]}',
  });
  await using driver = await Driver.start(master);
  driver.subscribe();
  const refused = decodeMessage(
    internal.FrameworkErrorMessageSchema,
    await driver.heard('FrameworkErrorMessage'),
  );
  expect(refused.message).toMatch(/is not authenticated$/);
  expect(await driver.authenticate('wrong')).toBe(false);
  expect(await driver.authenticate('right')).toBe(true);
  driver.subscribe();
  await driver.heard('FrameworkRegisteredMessage');

  await using agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  await using _later = await Driver.start(master);
  expect(master.service.leading?.core.state.agents.size).toBe(0);
});

test('a driver that says more than --rate_limits allows is told that its message was dropped', async () => {
  await using master = await startMaster({
    rate_limits: '{"aggregate_default_qps": 5, "aggregate_default_capacity": 2}',
  });
  await using driver = await Driver.start(master);
  driver.subscribe();
  const registered = await driver.heard('FrameworkRegisteredMessage');
  const { frameworkId } = decodeMessage(internal.FrameworkRegisteredMessageSchema, registered);
  const revived = () => master.service.leading?.core.counters.get('master/messages_revive_offers') ?? 0;
  for (let call = 0; call < 4; call++) driver.revive(frameworkId.value);
  const { message } = decodeMessage(
    internal.FrameworkErrorMessageSchema,
    await driver.heard('FrameworkErrorMessage'),
  );
  expect(message).toBe('Message mesos.scheduler.Call dropped: capacity(2) exceeded');
  await waitFor(() => revived() === 3, { what: 'the calls that waited' });
  expect(driver.received.filter(({ type }) => type === 'FrameworkErrorMessage')).toHaveLength(1);
});
