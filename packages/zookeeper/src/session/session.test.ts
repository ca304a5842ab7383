import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { seededRandom } from '@orchestrator/runtime/random';
import { SimulatedClock } from '@orchestrator/testing';
import { describe, expect, test } from 'vitest';
import { scriptedServer } from '../../test/scripted-server.ts';
import { ZooKeeperClient } from '../client.ts';
import { diagnosticChannels } from '../diagnostics.ts';
import type { ClientOptions } from './options.ts';
import type { ConnectionState } from './state.ts';

const opCodes = { exists: 3, auth: 100, setWatches: 101, ping: 11, closeSession: -11 };
const noNode = -101;

function start(options: Partial<ClientOptions> = {}) {
  const clock = new SimulatedClock();
  const server = scriptedServer();
  const resolved: string[] = [];
  const client = new ZooKeeperClient({
    connectString: 'a:1,b:2,c:3',
    sessionTimeoutMs: 9000,
    clock,
    random: seededRandom(1),
    transport: server.transport,
    resolve: async (host) => {
      resolved.push(host);
      return [`address-of-${host}`];
    },
    ...options,
  });
  const states: ConnectionState[] = [];
  client.on('state', (state) => states.push(state));
  return { clock, server, client, states, resolved, settle: () => clock.run(0) };
}

async function connected(options: Partial<ClientOptions> = {}) {
  const context = start(options);
  await context.settle();
  context.server.latest.accept(5n, 9000);
  await context.settle();
  return context;
}

describe('connecting', () => {
  test('asks for what the options say, and takes what the server grants', async () => {
    const { client, server, states, settle } = start();
    await settle();
    expect(server.latest.connect).toEqual({
      lastZxidSeen: 0n,
      timeoutMs: 9000,
      sessionId: 0n,
      password: Buffer.alloc(16),
    });
    server.latest.accept(0x0100000000000001n, 6000);
    await settle();
    expect(states).toEqual(['connected']);
    expect(client.sessionId).toBe(0x0100000000000001n);
    expect(client.sessionTimeoutMs).toBe(6000);
    expect(client.session.password).toEqual(Buffer.alloc(16, 1));
  });

  test('goes to the next server when one does not answer in its share of the timeout', async () => {
    const { clock, server, resolved } = start();
    await clock.run(2999);
    expect(server.connections).toHaveLength(1);
    await clock.run(2);
    expect(server.connections).toHaveLength(2);
    expect(server.connections[0]!.isOpen).toBe(false);
    await clock.run(3000);
    expect(server.connections).toHaveLength(3);
    expect([...resolved].sort()).toEqual(['a', 'b', 'c']);
    expect(server.connections.map(({ endpoint }) => endpoint.address)).toEqual(
      resolved.map((host) => `address-of-${host}`),
    );
  });

  test('waits between rounds, longer each time up to a second, and asks DNS anew', async () => {
    const { clock, server, resolved } = start({ connectString: 'a:1' });
    const startsMs: number[] = [];
    for (let ms = 0; ms < 5000; ms += 5) {
      const before = server.connections.length;
      await clock.run(5);
      if (server.connections.length > before) startsMs.push(ms);
      if (server.connections.length > 0) server.latest.close();
    }
    const gaps = startsMs.slice(1).map((at, i) => at - startsMs[i]!);
    expect(gaps[0]).toBeLessThanOrEqual(60);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1015);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(495);
    expect(resolved).toHaveLength(server.connections.length);
  });

  test('sends credentials before any request, on each connection', async () => {
    const { client, server, settle } = start({ auth: [{ scheme: 'digest', credentials: 'u:p' }] });
    const exists = client.exists('/a').catch((error) => error);
    await settle();
    for (let i = 0; i < 2; i++) {
      server.latest.accept(5n, 9000);
      await settle();
      expect(server.latest.requests.map(({ opCode }) => opCode)).toEqual([opCodes.auth]);
      server.latest.reply(-4, 0n);
      await settle();
      if (i === 0)
        expect(server.latest.requests.map(({ opCode }) => opCode)).toEqual([opCodes.auth, opCodes.exists]);
      server.latest.close();
      await settle();
    }
    expect(await exists).toMatchObject({ code: 'ConnectionLoss', cxid: 1 });
  });
});

describe('a connection', () => {
  test('pings after a third of the timeout without a request, and only then', async () => {
    const { clock, client, server } = await connected();
    const pings = () => server.latest.requests.filter(({ opCode }) => opCode === opCodes.ping).length;
    await clock.run(2900);
    expect(pings()).toBe(0);
    const exists = client.exists('/a');
    await clock.run(0);
    server.latest.reply(1, 7n, noNode);
    expect((await exists).zxid).toBe(7n);
    await clock.run(2900);
    expect(pings()).toBe(0);
    await clock.run(200);
    expect(pings()).toBe(1);
    expect(server.latest.requests.at(-1)).toMatchObject({ xid: -2, body: Buffer.alloc(0) });
  });

  test('is given up when nothing was heard for two thirds of the timeout', async () => {
    const { clock, server, states } = await connected();
    const { latest } = server;
    await clock.run(5900);
    expect(latest.isOpen).toBe(true);
    await clock.run(200);
    expect(latest.isOpen).toBe(false);
    expect(states).toEqual(['connected', 'suspended']);
    expect(server.connections).toHaveLength(2);
  });

  test('is kept when it was this process that slept', async () => {
    const { clock, server } = await connected();
    const { latest } = server;
    const unanswered = latest.requests.length;
    clock.after(6000, () => queueMicrotask(() => latest.reply(-2, 1n)));
    await clock.run(7000);
    expect(latest.isOpen).toBe(true);
    expect(latest.requests.length).toBeGreaterThan(unanswered);
  });

  test('holds requests back while the server has half a window before it, and sends each of them', async () => {
    const { client, server, settle } = await connected({ maxInFlight: 160 });
    const { latest } = server;
    const sent = () => latest.requests.filter(({ opCode }) => opCode === opCodes.exists).length;
    const ask = (count: number) => Array.from({ length: count }, () => client.exists('/a'));
    const answers = ask(90);
    await settle();
    expect(sent()).toBe(90);
    answers.push(...ask(9));
    await settle();
    expect(sent()).toBe(90);
    answers.push(...ask(1));
    await settle();
    expect(sent()).toBe(100);
    answers.push(...ask(1));
    for (let xid = 1; xid <= 100; xid++) {
      await settle();
      expect(sent()).toBe(xid <= 20 ? 100 : 101);
      latest.reply(xid, 1n, noNode);
    }
    latest.reply(101, 1n, noNode);
    const cxids = (await Promise.all(answers)).map(({ cxid }) => cxid);
    expect(cxids).toEqual(Array.from({ length: 101 }, (_, i) => i + 1));
  });

  test('publishes what it does on the diagnostics channels', async () => {
    const messages: unknown[] = [];
    const listen = (message: unknown) => void messages.push(message);
    const channels = Object.values(diagnosticChannels);
    for (const name of channels) subscribe(name, listen);
    try {
      const { client, clock, server, settle } = await connected({ connectString: 'a:1' });
      const answer = client.exists('/a');
      await clock.run(5);
      server.latest.reply(1, 1n, noNode);
      await answer;
      server.latest.close();
      await settle();
      server.latest.close();
      await settle();
    } finally {
      for (const name of channels) unsubscribe(name, listen);
    }
    expect(messages).toMatchObject([
      { state: 'connected', sessionId: 5n, server: 'a:1' },
      { op: 'exists', path: '/a', cxid: 1, server: 'a:1', durationMs: 5, code: 'NoNode' },
      { state: 'suspended', server: undefined, cause: { code: 'ConnectionLoss' } },
      { server: 'a:1', error: { code: 'ConnectionLoss' } },
    ]);
  });

  test('ends when a reply is not the one that is due, and what was asked fails', async () => {
    const { client, server, settle } = await connected();
    const asked = [client.exists('/a'), client.exists('/b')].map((promise) =>
      promise.catch((error) => error),
    );
    await settle();
    const { latest } = server;
    latest.reply(2, 1n, noNode);
    await settle();
    for (const error of await Promise.all(asked)) expect(error).toMatchObject({ code: 'ConnectionLoss' });
    expect(latest.isOpen).toBe(false);
  });

  test('ends when a reply is cut short', async () => {
    const { client, server, settle } = await connected();
    const asked = client.exists('/a').catch((error) => error);
    await settle();
    server.latest.reply(1, 1n, 0, (writer) => writer.int(0));
    await settle();
    expect(await asked).toMatchObject({ code: 'ConnectionLoss' });
    expect((await asked).cause.message).toMatch(/record ends early/);
  });
});

describe('a session', () => {
  test('is offered again with all that was seen, its watches, then the requests that waited', async () => {
    const { client, server, states, settle } = await connected({ maxInFlight: 1 });
    const first = client.exists('/a', { watch: () => undefined });
    const second = client.exists('/b').catch((error) => error);
    const third = client.exists('/c');
    await settle();
    server.latest.reply(1, 41n, noNode);
    expect(await first).toEqual({ stat: null, zxid: 41n, cxid: 1 });
    await settle();
    server.latest.close();
    expect(await second).toMatchObject({ code: 'ConnectionLoss', cxid: 2 });
    await settle();
    expect(server.latest.connect).toMatchObject({
      sessionId: 5n,
      password: Buffer.alloc(16, 1),
      lastZxidSeen: 41n,
    });
    server.latest.accept(5n, 9000);
    await settle();
    expect(server.latest.requests).toHaveLength(1);
    expect(server.latest.requests[0]).toMatchObject({ xid: -8, opCode: opCodes.setWatches });
    expect(server.latest.requests[0]!.body.toString('hex')).toBe(
      `0000000000000029${'00000000'}${'00000001'}${'00000002'}2f61${'00000000'}`,
    );
    server.latest.reply(-8, 41n);
    await settle();
    expect(server.latest.requests[1]).toMatchObject({ xid: 3, opCode: opCodes.exists });
    server.latest.reply(3, 42n, noNode);
    expect((await third).zxid).toBe(42n);
    expect(states).toEqual(['connected', 'suspended', 'reconnected']);
    expect(client.lastZxidSeen).toBe(42n);
  });

  test('is lost once nothing was heard for its timeout; what waits fails then', async () => {
    const { clock, client, server, states } = await connected();
    await clock.run(1000);
    server.latest.close();
    await clock.run(100);
    const waiting = client.exists('/a').catch((error) => error);
    await clock.run(7800);
    expect(states).toEqual(['connected', 'suspended']);
    await clock.run(200);
    expect(states).toEqual(['connected', 'suspended', 'lost']);
    expect(await waiting).toMatchObject({ code: 'SessionExpired' });
  });

  test('that a server calls expired is followed by another', async () => {
    const { client, server, states, settle } = await connected();
    server.latest.close();
    await settle();
    server.latest.accept(0n, 0);
    await settle();
    expect(states).toEqual(['connected', 'suspended', 'lost']);
    expect(server.latest.connect?.sessionId).toBe(0n);
    server.latest.accept(6n, 9000);
    await settle();
    expect(states.at(-1)).toBe('reconnected');
    expect(client.sessionId).toBe(6n);
  });

  test('ends with a request of its own', async () => {
    const { client, server, states, settle } = await connected();
    const closed = client.close();
    await settle();
    expect(server.latest.requests.at(-1)).toMatchObject({ xid: 1, opCode: opCodes.closeSession });
    server.latest.reply(1, 50n);
    await closed;
    expect(states).toEqual(['connected', 'closed']);
    expect(server.latest.isOpen).toBe(false);
  });

  test('is closed after its timeout even when the server does not answer', async () => {
    const { clock, client, server } = await connected();
    const closed = client.close();
    await clock.run(9001);
    await closed;
    expect(server.connections.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
