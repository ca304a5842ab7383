/** Every operation against real servers: what 3.8 and 3.9 know, and what is left on 3.4. */
import { type Ensemble, startEnsemble, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect, MultiError, permissions, type ZooKeeperClient, ZooKeeperError } from '../src/index.ts';

const jvmFlags = ['-Dzookeeper.extendedTypesEnabled=true'];

async function failure(promise: Promise<unknown>): Promise<ZooKeeperError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ZooKeeperError) return error;
  throw new Error(`expected a ZooKeeperError, got ${String(error)}`);
}

describe.each(['3.8', '3.9'] as const)('on a %s server', (version) => {
  let ensemble: Ensemble;
  let client: ZooKeeperClient;
  let root: string;
  let tests = 0;

  beforeAll(async () => {
    ensemble = await startEnsemble({ version, servers: 1, jvmFlags });
    client = await connect({ connectString: ensemble.connectString });
  });

  afterAll(async () => {
    await client?.close();
    await ensemble?.close();
  });

  beforeEach(async () => {
    root = `/test-${++tests}`;
    await client.create(root);
  });

  test('create, getData, setData, exists and delete', async () => {
    const created = await client.create(`${root}/a`, 'one');
    expect(created.path).toBe(`${root}/a`);
    const first = await client.getData(`${root}/a`);
    expect(first.data?.toString()).toBe('one');
    expect(first.stat).toMatchObject({ version: 0, dataLength: 3, czxid: created.zxid, ephemeralOwner: 0n });
    const { stat, zxid } = await client.setData(`${root}/a`, Buffer.from('two'), 0);
    expect(stat).toMatchObject({ version: 1, mzxid: zxid });
    expect((await client.exists(`${root}/a`)).stat).toEqual(stat);
    await client.delete(`${root}/a`, 1);
    const gone = await client.exists(`${root}/a`);
    expect(gone.stat).toBeNull();
    expect(gone.zxid).toBeGreaterThan(zxid);
  });

  test('null data and empty data are different things', async () => {
    await client.create(`${root}/null`, null);
    await client.create(`${root}/empty`, '');
    expect((await client.getData(`${root}/null`)).data).toBeNull();
    expect((await client.getData(`${root}/empty`)).data).toHaveLength(0);
  });

  test('create in every mode', async () => {
    const owner = async (path: string) => (await client.exists(path)).stat?.ephemeralOwner ?? -1n;
    const ephemeral = await client.create(`${root}/e`, null, { mode: 'ephemeral' });
    expect(await owner(ephemeral.path)).toBe(client.sessionId);
    const numbered = await client.create(`${root}/s-`, null, { mode: 'persistentSequential' });
    expect(numbered.path).toBe(`${root}/s-0000000001`);
    const both = await client.create2(`${root}/`, 'x', { mode: 'ephemeralSequential' });
    expect(both.path).toBe(`${root}/0000000002`);
    expect(both.stat).toMatchObject({ ephemeralOwner: client.sessionId, czxid: both.zxid });
    const mortal = await client.create2(`${root}/t`, null, { mode: 'persistentWithTtl', ttlMs: 90_000 });
    expect(mortal.stat.czxid).toBe(mortal.zxid);
    expect((await client.create(`${root}/c`, null, { mode: 'container' })).path).toBe(`${root}/c`);
    const last = await client.create(`${root}/t-`, null, {
      mode: 'persistentSequentialWithTtl',
      ttlMs: 90_000,
    });
    expect(last.path).toBe(`${root}/t-0000000005`);
  });

  test('children and their number', async () => {
    await client.multi(
      ['a', 'b', 'b/c'].map((name) => ({ kind: 'create', path: `${root}/${name}`, data: null })),
    );
    expect((await client.getChildren(root)).children.sort()).toEqual(['a', 'b']);
    const { children, stat } = await client.getChildren2(root);
    expect(children.sort()).toEqual(['a', 'b']);
    expect(stat.numChildren).toBe(2);
    expect((await client.getAllChildrenNumber(root)).count).toBe(3);
  });

  test('ACLs', async () => {
    const acl = [{ perms: permissions.read | permissions.admin, scheme: 'world', id: 'anyone' }];
    const { stat } = await client.setAcl(root, acl, 0);
    expect(stat.aversion).toBe(1);
    expect(await client.getAcl(root)).toMatchObject({ acl, stat: { aversion: 1 } });
    expect(await failure(client.create(`${root}/x`))).toMatchObject({
      code: 'NoAuth',
      path: `${root}/x`,
      op: 'create',
    });
    expect((await failure(client.setAcl(root, []))).code).toBe('InvalidAcl');
  });

  test('sync answers with the path', async () => {
    expect((await client.sync(root)).path).toBe(root);
  });

  test('a multi takes effect as a whole and gives each result', async () => {
    const outcome = await client.multi([
      { kind: 'create', path: `${root}/m`, data: null },
      { kind: 'create2', path: `${root}/m/s-`, data: Buffer.from('1'), mode: 'ephemeralSequential' },
      { kind: 'setData', path: `${root}/m`, data: Buffer.from('2'), version: 0 },
      { kind: 'check', path: `${root}/m`, version: 1 },
      { kind: 'delete', path: `${root}/m/s-0000000000` },
      { kind: 'create', path: `${root}/c`, data: null, mode: 'container' },
    ]);
    expect(outcome.results.map((result) => result.path)).toEqual([
      `${root}/m`,
      `${root}/m/s-0000000000`,
      undefined,
      undefined,
      undefined,
      `${root}/c`,
    ]);
    expect(outcome.results[2]?.stat).toMatchObject({ version: 1, mzxid: outcome.zxid });
  });

  test('a multi that fails says where, and has a zxid of its own', async () => {
    const before = await client.sync();
    const ops = [
      { kind: 'create', path: `${root}/m`, data: null },
      { kind: 'check', path: root, version: 9 },
      { kind: 'delete', path: `${root}/m` },
    ] as const;
    const outcome = await client.tryMulti(ops);
    const codes = [undefined, 'BadVersion', 'RuntimeInconsistency'];
    expect(outcome).toMatchObject({ ok: false, index: 1, code: 'BadVersion', codes });
    expect(outcome.zxid).toBeGreaterThan(before.zxid);
    const error = await failure(client.multi(ops));
    expect(error).toBeInstanceOf(MultiError);
    expect(error).toMatchObject({ index: 1, code: 'BadVersion', path: root, codes });
    expect(error.message).toContain(`check ${root}`);
    expect((await client.exists(`${root}/m`)).stat).toBeNull();
  });

  test('an empty multi', async () => {
    expect(await client.multi([])).toMatchObject({ ok: true, results: [] });
  });

  test('multiRead reads at one point in time, each by itself', async () => {
    await client.create(`${root}/a`, 'x');
    const { results } = await client.multiRead([
      { kind: 'getData', path: `${root}/a` },
      { kind: 'getChildren', path: root },
      { kind: 'getData', path: `${root}/none` },
    ]);
    expect(results).toMatchObject([
      { kind: 'getData', data: Buffer.from('x') },
      { kind: 'getChildren', children: ['a'] },
      { kind: 'error', code: 'NoNode' },
    ]);
  });

  test('getEphemerals and whoAmI', async () => {
    await client.create(`${root}/e`, null, { mode: 'ephemeral' });
    expect((await client.getEphemerals(root)).ephemerals).toEqual([`${root}/e`]);
    expect((await client.whoAmI()).clientInfo).toContainEqual({ scheme: 'ip', user: '127.0.0.1' });
  });

  test('every failure names code, operation, path, zxid and request', async () => {
    await client.create(`${root}/a`);
    await client.create(`${root}/e`, null, { mode: 'ephemeral' });
    const cases: [Promise<unknown>, Partial<ZooKeeperError>][] = [
      [client.getData(`${root}/none`), { code: 'NoNode', op: 'getData', path: `${root}/none` }],
      [client.create(`${root}/a`), { code: 'NodeExists', op: 'create' }],
      [client.create(`${root}/e/x`), { code: 'NoChildrenForEphemerals' }],
      [client.delete(root), { code: 'NotEmpty', op: 'delete', path: root }],
      [client.setData(root, null, 5), { code: 'BadVersion', op: 'setData' }],
    ];
    for (const [promise, expected] of cases) {
      const error = await failure(promise);
      expect(error).toMatchObject({ ...expected, retryable: false });
      expect(error.zxid).toBeGreaterThan(0n);
      expect(error.cxid).toBeGreaterThan(0);
      expect(error.message).toContain(expected.code);
    }
  });

  test('answers come in the order of the calls, with ascending cxid', async () => {
    const order: number[] = [];
    const replies = await Promise.all(
      Array.from({ length: 3000 }, async (_, i) => {
        const reply = i % 3 === 0 ? await client.setData(root, `${i}`) : await client.exists(root);
        order.push(i);
        return reply;
      }),
    );
    expect(order).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    for (let i = 1; i < replies.length; i++) {
      expect(replies[i]!.cxid).toBe(replies[i - 1]!.cxid + 1);
      expect(replies[i]!.zxid).toBeGreaterThanOrEqual(replies[i - 1]!.zxid);
    }
  });

  test('a request over juteMaxBuffer fails alone, with size and remedy', async () => {
    const error = await failure(client.setData(root, Buffer.alloc(0x100000)));
    expect(error).toMatchObject({ code: 'MarshallingError', path: root, op: 'setData' });
    expect(error.message).toMatch(
      /takes 10486\d\d bytes, over the 1048575 of juteMaxBuffer; make it smaller, or raise/,
    );
    expect((await client.exists(root)).stat?.version).toBe(0);
  });

  test('a reply over maxReplyBytes fails alone', async () => {
    const small = await connect({ connectString: ensemble.connectString, maxReplyBytes: 10_000 });
    try {
      await small.setData(root, Buffer.alloc(20_000));
      const [read, after] = [failure(small.getData(root)), small.exists(root)];
      expect(await read).toMatchObject({ code: 'MarshallingError', op: 'getData', path: root });
      expect((await after).stat?.dataLength).toBe(20_000);
    } finally {
      await small.close();
    }
  });

  test('an illegal path is refused before it is sent, naming the character', async () => {
    const error = await failure(client.create(`${root}/a\u0001`));
    expect(error).toMatchObject({ code: 'InvalidPath', cxid: undefined });
    expect(error.message).toMatch(/illegal character U\+0001 at index/);
    expect((await failure(client.multi([{ kind: 'delete', path: 'x' }]))).message).toMatch(
      /does not start with/,
    );
  });

  test('names with every kind of legal character come back as they were', async () => {
    const names = ['a b', 'ümläut', '日本語', '"quotes"', '%2F', '..a', ' ', '\u00a0', '\uffef'];
    await Promise.all(names.map((name) => client.create(`${root}/${name}`)));
    expect((await client.getChildren(root)).children.sort()).toEqual([...names].sort());
  });

  test('everything is under the chroot', async () => {
    const inside = await connect({ connectString: `${ensemble.connectString}${root}` });
    try {
      const { path } = await inside.create('/s-', 'x', { mode: 'ephemeralSequential' });
      expect(path).toBe('/s-0000000000');
      expect((await inside.getChildren('/')).children).toEqual(['s-0000000000']);
      expect((await inside.getEphemerals('/')).ephemerals).toEqual([path]);
      expect((await inside.sync('/')).path).toBe('/');
      const { results } = await inside.multi([{ kind: 'create', path: '/m', data: null }]);
      expect(results).toEqual([{ path: '/m' }]);
      expect((await client.getChildren(root)).children.sort()).toEqual(['m', 's-0000000000']);
      expect((await failure(inside.getData('/none'))).path).toBe('/none');
      expect((await inside.getConfig()).data).not.toBeNull();
    } finally {
      await inside.close();
    }
  });
});

describe('on a 3.4 server', () => {
  let ensemble: Ensemble;
  let client: ZooKeeperClient;

  beforeAll(async () => {
    ensemble = await startEnsemble({ version: '3.4', servers: 1 });
    client = await connect({ connectString: ensemble.connectString });
  });

  afterAll(async () => {
    await client?.close();
    await ensemble?.close();
  });

  test('what it knows works', async () => {
    expect((await client.create('/a', 'x')).path).toBe('/a');
    expect((await client.create('/a/s-', null, { mode: 'ephemeralSequential' })).path).toBe(
      '/a/s-0000000000',
    );
    expect((await client.getData('/a')).data?.toString()).toBe('x');
    expect((await client.getChildren2('/a')).stat.numChildren).toBe(1);
    const outcome = await client.tryMulti([
      { kind: 'create', path: '/m', data: null },
      { kind: 'setData', path: '/a', data: null, version: 0 },
      { kind: 'delete', path: '/m' },
    ]);
    expect(outcome).toMatchObject({ ok: true, results: [{ path: '/m' }, { stat: { version: 1 } }, {}] });
    const failed = await client.tryMulti([{ kind: 'check', path: '/none' }]);
    expect(failed).toMatchObject({ ok: false, index: 0, code: 'NoNode' });
  });

  test('an event of a one-shot watch', async () => {
    const event = new Promise((resolve) => void client.exists('/watched', { watch: resolve }));
    await client.create('/watched');
    expect(await event).toMatchObject({ type: 'nodeCreated', path: '/watched' });
  });

  test('what it does not know fails by name, and the client goes on', async () => {
    expect((await failure(client.create2('/b'))).code).toMatch(/^(Unimplemented|ConnectionLoss)$/);
    const answer = await waitFor(() => client.exists('/b'), { what: 'an answer after that' });
    expect(answer.stat).toBeNull();
  });
});

test('reconfig changes the membership, and getConfig shows it', async () => {
  await using ensemble = await startEnsemble({
    servers: 2,
    observers: 1,
    config: { reconfigEnabled: 'true' },
    jvmFlags: ['-Dzookeeper.skipACL=yes'],
  });
  // A server that leaves closes its connections.
  const client = await connect({ connectString: ensemble.server(1).connectString });
  try {
    expect((await client.getConfig()).data?.toString()).toMatch(/server\.3=/);
    const { data } = await client.reconfig({ leaving: '3' });
    expect(data?.toString()).not.toMatch(/server\.3=/);
    expect((await client.getConfig()).data).toEqual(data);
    expect((await failure(client.reconfig({ leaving: '2', fromConfig: 1n }))).code).toBe('BadVersion');
  } finally {
    await client.close();
  }
});
