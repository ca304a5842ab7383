import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type EtcdCluster,
  freePorts,
  startEtcd,
  startProcess,
  temporaryFolder,
  testCertificates,
  waitFor,
} from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import { acquireLock, openEtcdStore, openStore, type Store } from '../src/index.ts';
import { startHolder } from './holder-process.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function cluster(...args: Parameters<typeof startEtcd>): Promise<EtcdCluster> {
  const etcd = await startEtcd(...args);
  cleanUps.push(() => etcd.close());
  return etcd;
}

async function opened(store: Store | Promise<Store>): Promise<Store> {
  const made = await store;
  cleanUps.push(() => made.close());
  return made;
}

/** etcd's JSON gateway, for what the store never does. */
async function gateway(etcd: EtcdCluster, path: string, body: object): Promise<void> {
  const answer = await fetch(`${etcd.endpoints[0]}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

test('a restart of the server is survived by data, watches, leases and locks', async () => {
  const etcd = await cluster();
  const store = await opened(openStore(etcd.storeUrl));
  const from = await store.put('k/before', '1');
  const held = await acquireLock({ store, name: 'job', owner: 'test', ttlMs: 20_000 });
  const seen: string[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const event of store.watch('k/', from, { signal: abort.signal })) seen.push(event.key);
  })();
  await waitFor(() => seen.length === 1, { what: 'the watch to run' });
  await etcd.members[0]?.kill();
  const refused = { code: 'unavailable', retryable: true };
  const impatient = await opened(
    openEtcdStore({ hosts: [new URL(etcd.endpoints[0] ?? '').host], requestTimeoutMs: 300 }),
  );
  await expect(impatient.put('k/never', '')).rejects.toMatchObject(refused);
  const reading = store.get('k/before');
  await etcd.start();
  expect(String((await reading)?.value)).toBe('1');
  await waitFor(async () => (await store.put('k/after', '2')) > 0, { what: 'a write after the restart' });
  await waitFor(() => seen.includes('k/after'), { what: 'the watch to go on' });
  expect(seen.slice(0, 2)).toEqual(['k/before', 'k/after']);
  expect(held.lost.aborted).toBe(false);
  expect((await held.transaction([], [{ type: 'put', key: 'k/held', value: '' }])).committed).toBe(true);
  abort.abort();
  await watching;
});

test('the loss of the leader of three loses no acknowledged write and delivers each once', async () => {
  const etcd = await cluster({ members: 3 });
  const store = await opened(openStore(etcd.storeUrl));
  const { revision } = await store.list('n/');
  const delivered: string[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const event of store.watch('n/', revision + 1, { signal: abort.signal }))
      delivered.push(event.key);
  })();
  const acknowledged: string[] = [];
  let stop = false;
  const writing = (async () => {
    for (let count = 0; !stop; count++) {
      const key = `n/${String(count).padStart(6, '0')}`;
      try {
        await store.put(key, '');
        acknowledged.push(key);
      } catch (error) {
        // In doubt: whatever happened to this key, it is not one that was acknowledged.
        expect(error).toMatchObject({ code: expect.stringMatching(/^(unavailable|outcome-unknown)$/) });
      }
    }
  })();
  await waitFor(() => acknowledged.length > 50, { what: 'writes' });
  await (await etcd.leader())?.kill();
  const before = acknowledged.length;
  await waitFor(() => acknowledged.length > before + 50, { what: 'writes under the new leader' });
  stop = true;
  await writing;
  await waitFor(() => delivered.at(-1) === acknowledged.at(-1), { what: 'the watch to catch up' });
  expect(new Set(delivered).size).toBe(delivered.length);
  const set = new Set(delivered);
  expect(acknowledged.filter((key) => !set.has(key))).toEqual([]);
  abort.abort();
  await watching;
});

test('kill -9 of a lock holder: another follows with a higher term', async () => {
  const etcd = await cluster();
  const first = startHolder(etcd.storeUrl, 2000);
  cleanUps.push(() => first.stop());
  expect(await first.term()).toBe(1);
  await waitFor(() => first.writes() > 3, { what: 'the holder to work' });
  first.signal('SIGKILL');
  const store = await opened(openStore(etcd.storeUrl));
  const second = await acquireLock({ store, name: 'job', owner: 'test', ttlMs: 2000 });
  expect(second.term).toBe(2);
  const [, written] = String((await store.get('progress'))?.value)
    .split('/')
    .map(Number);
  expect(written).toBeGreaterThanOrEqual(first.writes());
});

test('a holder that was stopped for longer than its time learns it, and cannot write', async () => {
  const etcd = await cluster();
  const first = startHolder(etcd.storeUrl, 2000);
  cleanUps.push(() => first.stop());
  await waitFor(() => first.writes() > 3, { what: 'the holder to work' });
  first.signal('SIGSTOP');
  const store = await opened(openStore(etcd.storeUrl));
  const second = await acquireLock({ store, name: 'job', owner: 'test', ttlMs: 2000 });
  await second.transaction([], [{ type: 'put', key: 'progress', value: 'by the second' }]);
  first.signal('SIGCONT');
  expect(await first.deposed()).toEqual({ deposed: 'lease-lost' });
  expect(String((await store.get('progress'))?.value)).toBe('by the second');
});

test('a write whose answer is lost is in doubt, a read is repeated at another server', async () => {
  const etcd = await cluster();
  const upstream = new URL(etcd.endpoints[0] ?? '');
  let cut = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(upstream.port), upstream.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.pipe(server);
    server.on('data', (chunk) => (cut ? client.destroy() : client.write(chunk)));
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  }).listen(0, '127.0.0.1');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  await once(proxy, 'listening');
  const { port } = proxy.address() as { port: number };
  const lossy = await opened(openEtcdStore({ hosts: [`127.0.0.1:${port}`], requestTimeoutMs: 1500 }));
  await lossy.put('a', '1');
  cut = true;
  await expect(lossy.put('a', '2')).rejects.toMatchObject({
    code: 'outcome-unknown',
    retryable: false,
    remedy: expect.stringContaining('read'),
  });
  const direct = await opened(openStore(etcd.storeUrl));
  expect(String((await direct.get('a'))?.value)).toBe('2');
  const both = await opened(openEtcdStore({ hosts: [`127.0.0.1:${port}`, upstream.host] }));
  expect(String((await both.get('a'))?.value)).toBe('2');
});

test('a watch behind the compaction is told to list again', async () => {
  const etcd = await cluster();
  const store = await opened(openStore(etcd.storeUrl));
  const from = await store.put('k/a', '1');
  for (let count = 0; count < 5; count++) await store.put('k/a', String(count));
  const { revision } = await store.list('k/');
  await gateway(etcd, 'kv/compaction', { revision: String(revision) });
  const late = store.watch('k/', from)[Symbol.asyncIterator]();
  await expect(late.next()).rejects.toMatchObject({
    code: 'compacted',
    message: expect.stringContaining(`${from}`),
  });
});

test('namespaces do not see each other', async () => {
  const etcd = await cluster();
  const one = await opened(openStore(`${etcd.storeUrl}/one`));
  const two = await opened(openStore(`${etcd.storeUrl}/two/`));
  await one.put('a', '1');
  expect(await two.get('a')).toBeUndefined();
  expect((await two.list('')).entries).toEqual([]);
  expect((await one.list('')).entries.map((entry) => entry.key)).toEqual(['a']);
  const bare = await opened(openStore(etcd.storeUrl));
  expect((await bare.list('')).entries.map((entry) => entry.key)).toEqual(['/one/a']);
});

test('users and rights of etcd: refusals are told, tokens renewed', async () => {
  const etcd = await cluster({ flags: ['--auth-token-ttl=1'] });
  await gateway(etcd, 'auth/role/add', { name: 'root' });
  for (const [name, role] of [
    ['root', 'root'],
    ['olga', 'limited'],
  ] as const) {
    if (role !== 'root') await gateway(etcd, 'auth/role/add', { name: role });
    await gateway(etcd, 'auth/user/add', { name, password: 'hunter2' });
    await gateway(etcd, 'auth/user/grant', { user: name, role });
  }
  const perm = { permType: 'READWRITE', key: base64('/mine/'), range_end: base64('/mine0') };
  await gateway(etcd, 'auth/role/grant', { name: 'limited', perm });
  await gateway(etcd, 'auth/enable', {});
  const as = (user: string, password: string, namespace: string) =>
    opened(openStore(`${etcd.storeUrl}/${namespace}`, { auth: { user, password } }));

  const store = await as('olga', 'hunter2', 'mine');
  await store.put('a', '1');
  await pause(2500); // longer than the token lives
  await store.put('a', '2');
  const first = await store.watch('', 1)[Symbol.asyncIterator]().next();
  expect(first.value).toMatchObject({ key: 'a' });

  await expect((await as('olga', 'hunter2', 'theirs')).put('a', '')).rejects.toMatchObject({
    code: 'forbidden',
  });
  const wrong = await as('olga', 'wrong-password', 'mine');
  const refused = { code: 'unauthenticated', message: expect.not.stringContaining('wrong-password') };
  await expect(wrong.get('a')).rejects.toMatchObject(refused);
  await expect((await opened(openStore(etcd.storeUrl))).get('a')).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('TLS with client certificates: ours is let in, a stranger and an unknown authority are not', async () => {
  const { caFile, server, client, stranger } = await testCertificates();
  const [clientPort, peerPort] = await freePorts(2);
  const folder = await temporaryFolder('etcd-tls');
  const [url, peer] = [`https://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const started = await startProcess({
    command: 'etcd',
    args: [
      ...['--data-dir', join(folder, 'data'), '--name', 'a', '--initial-cluster', `a=${peer}`],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--cert-file', server.certificateFile, '--key-file', server.keyFile],
      ...['--client-cert-auth', '--trusted-ca-file', caFile],
    ],
    logFile: join(folder, 'log'),
  });
  cleanUps.push(async () => {
    started.signal('SIGKILL');
    await started.exit;
  });
  const hosts = [`127.0.0.1:${clientPort}`];
  const [ca, cert, key] = [caFile, client.certificateFile, client.keyFile].map((file) =>
    readFileSync(file),
  ) as [Buffer, Buffer, Buffer];
  const store = await opened(openEtcdStore({ hosts, tls: { ca, cert, key }, requestTimeoutMs: 20_000 }));
  const revision = await store.put('a', '1');
  expect((await store.watch('a', revision)[Symbol.asyncIterator]().next()).value).toMatchObject({ key: 'a' });

  const refused = async (tls: object | undefined) => {
    const other = await opened(
      openEtcdStore({ hosts, requestTimeoutMs: 1_500, ...(tls === undefined ? {} : { tls }) }),
    );
    await expect(other.get('a')).rejects.toMatchObject({
      code: 'unavailable',
      remedy: expect.stringContaining('TLS'),
    });
  };
  await refused(undefined);
  await refused({ ca });
  await refused({ cert, key });
  const [foreignCert, foreignKey] = [stranger.certificateFile, stranger.keyFile].map((file) =>
    readFileSync(file),
  );
  await refused({ ca, cert: foreignCert, key: foreignKey });
});
