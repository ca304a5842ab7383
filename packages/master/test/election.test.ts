/** Contenders and detectors on a real ensemble. */
import { type Ensemble, startEnsemble, startProxy, type TcpProxy, waitFor } from '@orchestrator/testing';
import { type ClientOptions, connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Contender } from '../src/election/contender.ts';
import { ZooKeeperDetector } from '../src/election/detector.ts';
import { encodeMember, makeMasterInfo } from '../src/election/member.ts';

let ensemble: Ensemble;
let path: string;
let tests = 0;
const closing: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  ensemble = await startEnsemble({ servers: 1 });
});

beforeEach(() => {
  path = `/test-${++tests}/mesos`;
});

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

afterAll(async () => {
  await ensemble?.close();
});

async function client(options: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> {
  const opened = await connect({
    connectString: ensemble.connectString,
    sessionTimeoutMs: 4000,
    ...options,
  });
  closing.push(opened);
  return opened;
}

async function master(port: number, options: { zookeeper?: ZooKeeperClient; secured?: boolean } = {}) {
  const zookeeper = options.zookeeper ?? (await client());
  const info = makeMasterInfo({
    ...{ id: `id-${port}`, ip: '127.0.0.1', port, hostname: 'localhost', version: '1.12.0' },
  });
  const contender = new Contender({
    client: zookeeper,
    path,
    data: encodeMember(info),
    secured: options.secured ?? false,
  });
  const detector = new ZooKeeperDetector(zookeeper, path);
  await detector.start();
  await contender.start();
  closing.push(detector, contender);
  return { zookeeper, contender, detector };
}

const until = (condition: () => boolean, what: string) => waitFor(condition, { what });

test('the first leads; when it leaves the next does, and all see it', async () => {
  const [a, b, c] = [await master(1), await master(2), await master(3)];
  for (const { detector } of [a, b, c]) {
    await until(() => detector.leader?.pid === 'master@127.0.0.1:1', 'the first to lead');
  }
  expect(a.contender.name).toMatch(/^json\.info_\d{10}$/);
  await a.zookeeper.create(`${path}/backup_1000000000`, Buffer.from('of another kind'));
  expect(await b.detector.candidates()).toMatchObject([{ port: 1 }, { port: 2 }, { port: 3 }]);
  await a.contender.close();
  for (const { detector } of [b, c]) {
    await until(() => detector.leader?.pid === 'master@127.0.0.1:2', 'the second to lead');
  }
});

test('clients of the APIs are told of the next leader when they have seen the last', async () => {
  const a = await master(1);
  const b = await master(2);
  const first = await b.detector.detect(undefined);
  expect(first).toMatchObject({ host: 'localhost', port: 1 });
  const next = b.detector.detect(first);
  await a.contender.close();
  expect(await next).toMatchObject({ port: 2 });
  const giving = new AbortController();
  const never = b.detector.detect(await next, giving.signal);
  giving.abort(new Error('enough'));
  await expect(never).rejects.toThrow(/enough|abort/);
});

test('a member that was deleted is made again, last in line', async () => {
  const [a, b] = [await master(1), await master(2)];
  await until(() => b.detector.leader?.port === 1, 'the first to lead');
  let lost = 0;
  a.contender.on('lost', () => lost++);
  await b.zookeeper.delete(`${path}/${a.contender.name}`);
  await until(() => b.detector.leader?.port === 2, 'the second to lead');
  await until(() => a.contender.name !== undefined && lost === 1, 'the first to be back');
  expect(a.detector.leader?.port).toBe(2);
});

test('a session that is over for the servers is over here too, before a connection is back', async () => {
  const a = await master(1);
  await until(() => a.detector.leader?.port === 1, 'it to lead');
  const seen: (number | undefined)[] = [];
  let lost = 0;
  a.detector.on('leader', (leader) => seen.push(leader?.port));
  a.contender.on('lost', () => lost++);
  const [server] = ensemble.servers;
  await server!.stop();
  await until(() => lost === 1 && seen.length === 1, 'the loss to be noticed without a server');
  expect(seen).toEqual([undefined]);
  await server!.start();
  await until(() => a.detector.leader?.port === 1, 'it to lead again');
});

/** A master whose way to ZooKeeper can be cut. */
async function masterBehindProxy(port: number) {
  const [server] = ensemble.servers;
  const proxy: TcpProxy = await startProxy({ target: { host: '127.0.0.1', port: server!.clientPort } });
  closing.push(proxy);
  const zookeeper = await client({ connectString: proxy.connectString });
  return { ...(await master(port, { zookeeper })), proxy };
}

test('changes that are told while a connection comes back are not the last that are seen', async () => {
  const a = await master(1);
  const b = await masterBehindProxy(2);
  const c = await master(3);
  await until(() => b.detector.leader?.port === 1, 'the first to lead');
  // Its watches have fired by the time that it is connected again.
  b.proxy.cut();
  await until(() => b.zookeeper.state === 'suspended', 'the cut to be noticed');
  await c.contender.close();
  b.proxy.heal();
  await until(() => b.zookeeper.isConnected, 'the connection to be back');
  await a.contender.close();
  await until(() => b.detector.leader?.port === 2, 'the second to lead');
});

test('a session that was lost is followed by another, in which it contends and sees who leads', async () => {
  const a = await master(1);
  const b = await masterBehindProxy(2);
  const lost = b.contender.name;
  b.proxy.cut();
  await waitFor(async () => (await a.zookeeper.exists(`${path}/${lost}`)).stat === null, {
    what: 'the member of the lost session to go',
  });
  b.proxy.heal();
  await until(() => b.contender.name !== undefined && b.contender.name !== lost, 'a new member');
  await until(() => b.detector.leader?.port === 1, 'the first to be seen to lead');
  await a.contender.close();
  await until(() => b.detector.leader?.port === 2, 'the second to lead');
});

test('with credentials nobody else can take a member away, and everyone can read', async () => {
  const auth = [{ scheme: 'digest', credentials: 'mesos:secret' }];
  const a = await master(1, { zookeeper: await client({ auth }), secured: true });
  const stranger = await client();
  const member = `${path}/${a.contender.name}`;
  await expect(stranger.setData(member, Buffer.from('x'))).rejects.toMatchObject({ code: 'NoAuth' });
  await expect(stranger.delete(member)).rejects.toMatchObject({ code: 'NoAuth' });
  const detector = new ZooKeeperDetector(stranger, path);
  await detector.start();
  closing.push(detector);
  await until(() => detector.leader?.port === 1, 'the stranger to see the leader');
});

test('a leader that cannot be understood is reported, and nobody is taken for it', async () => {
  const zookeeper = await client();
  await zookeeper.create(path.slice(0, path.lastIndexOf('/')));
  await zookeeper.create(path);
  const detector = new ZooKeeperDetector(zookeeper, path);
  const errors: unknown[] = [];
  detector.on('failed', (error) => errors.push(error));
  await detector.start();
  closing.push(detector);
  await zookeeper.create(`${path}/backup_0000000000`, Buffer.from('x'));
  await until(() => errors.length === 1, 'the failure');
  expect(detector.leader).toBeUndefined();
});
