/** A session through killed and frozen servers, expiry, and a change of hands; watches all along. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Ensemble, startEnsemble, waitFor } from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type ClientOptions,
  type ConnectionState,
  connect,
  sessionPassword,
  type WatchEvent,
  type ZooKeeperClient,
} from '../src/index.ts';
import { expireSession } from './expire-session.ts';

let ensemble: Ensemble;
const clients: ZooKeeperClient[] = [];

async function open(options: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> {
  const client = await connect({ connectString: ensemble.connectString, sessionTimeoutMs: 6000, ...options });
  clients.push(client);
  return client;
}

function statesOf(client: ZooKeeperClient): ConnectionState[] {
  const states: ConnectionState[] = [];
  client.on('state', (state) => states.push(state));
  return states;
}

/** For clients whose server dies: without the leader none of the others would serve until they have another one. */
async function followers(): Promise<string> {
  const leader = await ensemble.waitForQuorum();
  const others = ensemble.servers.filter((server) => server !== leader);
  return others.map((server) => server.connectString).join();
}

/** The server that `client` is connected to. */
function serverOf(client: ZooKeeperClient) {
  const server = ensemble.servers.find(({ connectString }) => connectString === client.server);
  if (server === undefined) throw new Error(`not connected: ${client.state}`);
  return server;
}

beforeAll(async () => {
  ensemble = await startEnsemble({ servers: 3 });
});

afterEach(async () => {
  await ensemble.start();
  await ensemble.waitForQuorum();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await ensemble?.close();
});

describe('a killed server', () => {
  test('the session goes on with another one; watches hear of what happened in between', async () => {
    const connectString = await followers();
    const [client, other] = [await open({ connectString }), await open()];
    await client.create('/kill', 'x');
    await client.create('/kill/ephemeral', null, { mode: 'ephemeral' });
    const events: WatchEvent[] = [];
    const watch = (event: WatchEvent) => void events.push(event);
    await client.getData('/kill', { watch });
    await client.getChildren('/kill', { watch });
    await client.exists('/kill/later', { watch });
    await client.addWatch('/kill', 'persistentRecursive', (event) => {
      if (event.type === 'watchRestored' || event.path === '/kill/after') events.push(event);
    });
    const states = statesOf(client);
    const { sessionId } = client;

    const server = serverOf(client);
    if (other.server === client.server) await other.close();
    const writer =
      other.state === 'closed'
        ? await open({ connectString: ensemble.servers.find((s) => s !== server)!.connectString })
        : other;
    await server.kill();
    await waitFor(() => states.includes('suspended'), { what: 'suspension' });
    const write = async (make: () => Promise<unknown>) =>
      waitFor(
        () =>
          make().then(
            () => true,
            (error) => error.code === 'NodeExists',
          ),
        { what: 'a write' },
      );
    await write(() => writer.setData('/kill', 'y'));
    await write(() => writer.create('/kill/later'));

    await client.connected();
    expect(states).toEqual(['suspended', 'reconnected']);
    expect(client.sessionId).toBe(sessionId);
    await waitFor(() => events.length >= 4, { what: 'the missed events' });
    await writer.create('/kill/after');
    await waitFor(() => events.length >= 5, { what: 'an event after the reconnect' });
    const seen = events.map(({ type, path }) => `${type} ${path}`);
    expect(seen.slice(0, 4).sort()).toEqual([
      'nodeChildrenChanged /kill',
      'nodeCreated /kill/later',
      'nodeDataChanged /kill',
      'watchRestored /kill',
    ]);
    expect(seen.slice(4)).toEqual(['nodeCreated /kill/after']);
    expect((await client.exists('/kill/ephemeral')).stat?.ephemeralOwner).toBe(sessionId);
  });

  test('requests on the way fail, those that wait are sent later, in order', async () => {
    const client = await open({ maxInFlight: 4, connectString: await followers() });
    await client.create('/pending', '');
    await ensemble.servers.find((s) => s.connectString === client.server)!.pause();
    const outcomes = Array.from({ length: 12 }, (_, i) =>
      client.setData('/pending', `${i}`).then(
        () => 'done',
        (error) => error.code as string,
      ),
    );
    await serverOf(client).kill();
    expect(await Promise.all(outcomes)).toEqual([
      ...Array.from({ length: 4 }, () => 'ConnectionLoss'),
      ...Array.from({ length: 8 }, () => 'done'),
    ]);
    expect((await client.getData('/pending')).data?.toString()).toBe('11');
  });
});

test('a frozen server is given up after two thirds of the timeout', async () => {
  const client = await open({ connectString: await followers() });
  const states = statesOf(client);
  const frozen = serverOf(client);
  const startMs = performance.now();
  await frozen.pause();
  try {
    await waitFor(() => states.includes('reconnected'), { what: 'another server' });
    expect(states).toEqual(['suspended', 'reconnected']);
    expect(performance.now() - startMs).toBeGreaterThan(1900);
    expect(client.server).not.toBe(frozen.connectString);
  } finally {
    await frozen.resume();
  }
});

test('without any server the session is lost after its timeout, and found alive when they are back in time', async () => {
  const client = await open({ sessionTimeoutMs: 4000 });
  const states = statesOf(client);
  await client.create('/lost', null, { mode: 'ephemeral' });
  await ensemble.stop();
  const waiting = client.exists('/lost').catch((error) => error.code);
  await waitFor(() => states.includes('lost'), { what: 'the loss' });
  expect(await waiting).toMatch(/SessionExpired|ConnectionLoss/);
  await ensemble.start();
  await client.connected();
  expect(states).toEqual(['suspended', 'lost', 'reconnected']);
});

const expire = (client: ZooKeeperClient) => expireSession(client, ensemble.connectString);

describe('an expired session', () => {
  test('is replaced, and watches go on in the new one', async () => {
    const client = await open();
    const states = statesOf(client);
    const { sessionId } = client;
    await client.create('/expiry', 'x');
    await client.create('/expiry/e', null, { mode: 'ephemeral' });
    const event = new Promise<WatchEvent>((resolve) => void client.exists('/expiry/e', { watch: resolve }));
    await client.exists('/expiry');
    await expire(client);
    await waitFor(() => states.includes('lost') && client.isConnected, { what: 'a new session' });
    expect(states.slice(-3)).toEqual(['suspended', 'lost', 'reconnected']);
    expect(client.sessionId).not.toBe(sessionId);
    expect(await event).toMatchObject({ type: 'nodeDeleted', path: '/expiry/e' });
  });

  test('closes a client that shall not renew it', async () => {
    const client = await open({ renewSession: false });
    const states = statesOf(client);
    await expire(client);
    await waitFor(() => client.state === 'closed', { what: 'the end' });
    expect(states.slice(-3)).toEqual(['suspended', 'lost', 'closed']);
    expect(client.failure?.code).toBe('SessionExpired');
    await expect(client.exists('/')).rejects.toMatchObject({ code: 'SessionExpired' });
  });

  test('cannot be attached to', async () => {
    const client = await open();
    const { session } = client;
    await client.close();
    await expect(open({ session })).rejects.toMatchObject({ code: 'SessionExpired' });
  });
});

describe('a session in other hands', () => {
  test('goes on after its holder was killed, by id alone, and keeps its ephemerals', async () => {
    const holder = spawn(process.execPath, [
      fileURLToPath(new URL('session-holder.ts', import.meta.url)),
      ensemble.connectString,
    ]);
    const id = await new Promise<bigint>((resolve) => {
      holder.stdout.once('data', (line) => resolve(BigInt(String(line).trim())));
    });
    holder.kill('SIGKILL');
    const client = await open({ session: { id, password: sessionPassword(id) } });
    expect(client.sessionId).toBe(id);
    expect((await client.exists('/held')).stat?.ephemeralOwner).toBe(id);
    // Longer than its holder had asked for.
    await new Promise((resolve) => setTimeout(resolve, 7000));
    expect((await client.exists('/held')).stat?.ephemeralOwner).toBe(id);
    await client.close();
    const other = await open();
    await other.sync();
    expect((await other.exists('/held')).stat).toBeNull();
  });

  test('is refused to who has the wrong password, and goes unharmed', async () => {
    const client = await open();
    const session = { id: client.sessionId, password: Buffer.alloc(16, 7) };
    await expect(open({ session })).rejects.toMatchObject({ code: 'SessionExpired' });
    // A server may drop the holder's connection before it looks at the password.
    await waitFor(() => client.exists('/'), { what: 'an answer' });
    expect(client.sessionId).toBe(session.id);
  });

  test('is left alive by close({ keepSession: true })', async () => {
    const client = await open();
    const { session } = client;
    const written = client.create('/kept', null, { mode: 'ephemeral' });
    await client.close({ keepSession: true });
    await written;
    const next = await open({ session });
    await next.sync();
    expect((await next.exists('/kept')).stat?.ephemeralOwner).toBe(session.id);
  });
});

describe('close', () => {
  test('has everything answered first', async () => {
    const client = await open({ maxInFlight: 10 });
    await client.create('/flush');
    const writes = Array.from({ length: 200 }, (_, i) => client.setData('/flush', `${i}`));
    await client.close();
    const results = await Promise.all(writes);
    expect(results.at(-1)?.stat.version).toBe(200);
    await expect(client.exists('/flush')).rejects.toMatchObject({ code: 'ClientClosed' });
    await client.close();
  });
});

test('back-pressure: capacity() lets in one call per free place', async () => {
  const client = await open({ maxInFlight: 8, maxQueued: 4 });
  let most = 0;
  let unanswered = 0;
  for (let i = 0; i < 200; i++) {
    if (!client.hasCapacity) await client.capacity();
    most = Math.max(most, ++unanswered);
    void client.exists('/').then(() => unanswered--);
  }
  expect(most).toBeLessThanOrEqual(9);
  const burst = await Promise.allSettled(Array.from({ length: 20 }, () => client.exists('/')));
  const refused = burst.filter((result) => result.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'QueueFull', retryable: true });
});

test('connect gives up in the time it is given, naming what went wrong at each server', async () => {
  const attempt = connect({ connectString: '127.0.0.1:1,no-such-host.invalid:2', readyTimeoutMs: 3000 });
  await expect(attempt).rejects.toMatchObject({ code: 'ConnectFailed' });
  await expect(attempt).rejects.toThrow(/127\.0\.0\.1:1: connect ECONNREFUSED/);
  await expect(attempt).rejects.toThrow(/no-such-host\.invalid:2: the name does not resolve/);
});
