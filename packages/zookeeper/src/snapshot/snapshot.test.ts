import { stat as fileStat, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '@orchestrator/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Acl, openAcl } from '../protocol/acl.ts';
import { containerOwner, type PersistedStat, ttlOwner } from '../protocol/stat.ts';
import type { SnapshotNode } from '../tree/node.ts';
import { createTree, type Tree } from '../tree/tree.ts';
import { Adler32 } from './adler32.ts';
import { seedZxid, snapshotFileName, snapshotZxid } from './names.ts';
import { readSnapshot } from './read.ts';
import { type WriteSnapshotOptions, writeSnapshot } from './write.ts';

const acl: Acl[] = [{ perms: 31, scheme: 'digest', id: 'u:h' }];
const statOf = (changes: Partial<PersistedStat> = {}): PersistedStat => ({
  czxid: 1n,
  mzxid: 2n,
  ctime: 3,
  mtime: 1_700_000_000_000,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: 0n,
  pzxid: 9n,
  ...changes,
});
const node = (path: string, changes: Partial<SnapshotNode & { owner: bigint }> = {}): SnapshotNode => ({
  path,
  data: Buffer.from(path),
  acl: openAcl,
  stat: statOf(changes.owner === undefined ? {} : { ephemeralOwner: changes.owner }),
  ...changes,
});

function treeOf(...nodes: SnapshotNode[]): Tree {
  const tree = createTree({ retainData: true });
  tree.beginSnapshot(10n);
  for (const each of nodes) tree.addNode(each);
  return tree;
}

const bare = [node('/', { data: null }), node('/zookeeper', { data: null })];
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder('snapshot');
});

const write = (source: Tree, options: Partial<WriteSnapshotOptions> = {}) =>
  writeSnapshot({ source, folder, zxid: 0x500000000n, targetVersion: '3.4', ...options });

async function load(file: string) {
  const tree = createTree({ retainData: true });
  tree.beginSnapshot(10n);
  const read = await readSnapshot(file, {
    session: (session) => tree.addSession(session),
    node: (each) => tree.addNode(each),
  });
  return { tree, read };
}

describe('the file', () => {
  test('byte for byte', async () => {
    const source = treeOf(...bare, node('/a', { data: Buffer.from('v'), acl }));
    source.addSession({ id: 0x77n, timeoutMs: 1000 });
    const { file } = await write(source, { sessions: 'keep' });
    const longs = '0000000000000001 0000000000000002 0000000000000003 0000018bcfe56800';
    const stat = `${longs} 00000005 00000006 00000007 0000000000000000 0000000000000009`;
    const open = 'ffffffffffffffff';
    const expected = [
      '5a4b534e 00000002 ffffffffffffffff',
      '00000001 0000000000000077 000003e8',
      '00000001 0000000000000001 00000001 0000001f 00000006 646967657374 00000003 753a68',
      `00000000 ffffffff ${open} ${stat}`,
      `00000002 2f61 00000001 76 0000000000000001 ${stat}`,
      `0000000a 2f7a6f6f6b6565706572 ffffffff ${open} ${stat}`,
      '00000001 2f',
    ]
      .join('')
      .replaceAll(' ', '');
    const bytes = await readFile(file);
    expect(bytes.subarray(0, expected.length / 2).toString('hex')).toBe(expected);
    const adler = new Adler32();
    adler.update(Buffer.from(expected, 'hex'));
    expect(bytes.subarray(expected.length / 2).toString('hex')).toBe(
      `${adler.value.toString(16).padStart(16, '0')}000000012f`,
    );
  });

  test('names and epochs', () => {
    expect(snapshotFileName(0x1_0000_00abn)).toBe('snapshot.1000000ab');
    expect(snapshotZxid('/data/version-2/snapshot.1000000ab.gz')).toBe(0x1_0000_00abn);
    expect(() => snapshotZxid('log.1')).toThrow(/not named as a snapshot/);
    expect(seedZxid(0x5_0000_0123n)).toBe(1005n << 32n);
    expect(seedZxid(0x5_0000_0123n, 1)).toBe(6n << 32n);
    expect(() => seedZxid(1n, 0)).toThrow(/epochsAbove is 0/);
  });

  test('is for its owner only, and there only when whole', async () => {
    const { file } = await write(treeOf(...bare));
    expect((await fileStat(file)).mode & 0o777).toBe(0o600);
    await rm(file);
    const without = createTree();
    await expect(write(without)).rejects.toThrow(/does not retain data/);
    await expect(fileStat(file)).rejects.toThrow(/ENOENT/);
    await expect(fileStat(`${file}.partial`)).rejects.toThrow(/ENOENT/);
  });

  test.each(['3.4', '3.8'] as const)('any tree comes back as it was (%s)', async (targetVersion) => {
    const name = fc.stringMatching(/^[a-zé]{1,8}$/);
    const tail = fc.record({
      name,
      data: fc.option(fc.uint8Array({ maxLength: 3000 })),
      secret: fc.boolean(),
      version: fc.integer(),
      mtime: fc.integer({ min: 0, max: 2 ** 50 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(tail, { maxLength: 40 }), async (tails) => {
        const source = treeOf(...bare);
        for (const [index, { name, data, secret, version, mtime }] of tails.entries()) {
          const under = index % 3 === 0 || !source.has(`/${tails[0]?.name}`) ? '' : `/${tails[0]?.name}`;
          source.addNode({
            path: `${under}/${name}`,
            data: data === null ? null : Buffer.from(data),
            acl: secret ? acl : openAcl,
            stat: statOf({ version, mtime }),
          });
        }
        const written = await write(source, { targetVersion });
        const { tree, read } = await load(written.file);
        const kept = [...source.walk()].map((each) =>
          targetVersion === '3.8' && each.path === '/zookeeper' ? { ...each, numChildren: 1 } : each,
        );
        expect([...tree.walk()].filter((each) => each.path !== '/zookeeper/config')).toEqual(kept);
        expect(tree.digest).toBe(written.digest);
        expect(read.bytes).toBe(written.bytes);
        expect(read.digest).toEqual(
          targetVersion === '3.8' ? { zxid: 0x500000000n, digest: written.digest } : undefined,
        );
      }),
      { numRuns: 30 },
    );
  });

  test('compressed as servers do it', async () => {
    const { file, digest } = await write(treeOf(...bare, node('/a')));
    const packed = join(folder, 'snapshot.500000001.gz');
    await writeFile(packed, gzipSync(await readFile(file)));
    expect((await load(packed)).tree.digest).toBe(digest);
    await expect(load(join(folder, 'snapshot.1.snappy'))).rejects.toThrow(/snappy/);
  });

  test('any damage is found', async () => {
    const { file, bytes } = await write(treeOf(...bare, node('/a'), node('/b', { acl })), {
      targetVersion: '3.8',
    });
    const good = await readFile(file);
    for (let at = 0; at < bytes; at += 7) {
      const damaged = Buffer.from(good);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await writeFile(file, damaged);
      const read = load(file);
      // The string that ends a seal says nothing.
      if (at >= bytes - 5) await expect(read).resolves.toBeDefined();
      else await expect(read, `byte ${at} of ${bytes}`).rejects.toThrow();
    }
    await writeFile(file, good);
    await truncate(file, bytes - 40);
    await expect(load(file)).rejects.toThrow(/ends early/);
  });
});

describe('what is changed for another ensemble', () => {
  const session = 0x1_0000_0000_0001n;
  const source = () => {
    const tree = treeOf(
      ...bare,
      node('/zookeeper/config'),
      node('/box', { owner: containerOwner }),
      node('/brief', { owner: ttlOwner(5000n) }),
      node('/locks'),
      node('/locks/lock-0000000005', { owner: session }),
      node('/locks/lock-0000000006', { owner: 0x99n }),
      node('/private'),
      node('/private/secret'),
      node('/privateer'),
    );
    tree.addSession({ id: session, timeoutMs: 4000 });
    return tree;
  };
  const pathsOf = (tree: Tree) => [...tree.walk()].map((each) => each.path);

  test('sessions go by default, with their ephemerals', async () => {
    const written = await write(source(), { targetVersion: '3.9' });
    const { tree } = await load(written.file);
    expect(tree.children('/locks')).toEqual([]);
    expect([...tree.sessions()]).toEqual([]);
    expect(written.changes).toEqual({ ephemeral: 2, ensemble: 1 });
  });

  test('sessions that stay keep theirs, and orphans go', async () => {
    const written = await write(source(), { targetVersion: '3.9', sessions: 'keep' });
    const { tree } = await load(written.file);
    expect(tree.ephemeralsOf(session)).toEqual(['/locks/lock-0000000005']);
    expect([...tree.sessions()]).toEqual([{ id: session, timeoutMs: 4000 }]);
    expect(written.changedPaths).toMatchObject({ orphan: ['/locks/lock-0000000006'] });
  });

  test('3.4 knows neither containers nor TTL nodes nor a configuration node', async () => {
    const { tree } = await load((await write(source())).file);
    expect(tree.get('/box')?.stat.ephemeralOwner).toBe(0n);
    expect(tree.get('/brief')?.stat.ephemeralOwner).toBe(0n);
    expect(tree.has('/zookeeper/config')).toBe(false);
  });

  test('TTL nodes become persistent where they are not enabled', async () => {
    const written = await write(source(), { targetVersion: '3.8', extendedTypes: false });
    expect(written.changedPaths).toMatchObject({ ttl: ['/brief'] });
    expect((await load(written.file)).tree.get('/box')?.stat.ephemeralOwner).toBe(containerOwner);
  });

  test("the target's own configuration, never the source's", async () => {
    const blank = await load((await write(source(), { targetVersion: '3.8' })).file);
    expect(blank.tree.get('/zookeeper/config')?.data?.length).toBe(0);
    const own = await load(
      (await write(source(), { targetVersion: '3.8', ensembleConfig: 'server.1=b' })).file,
    );
    expect(own.tree.get('/zookeeper/config')?.data?.toString()).toBe('server.1=b');
    const fromOld = await load((await write(treeOf(...bare), { targetVersion: '3.8' })).file);
    expect(fromOld.tree.get('/zookeeper/config')?.stat).toMatchObject({ version: -1, aversion: -1 });
  });

  test('a path that is left out goes with all below it and nothing beside it', async () => {
    const written = await write(source(), { exclude: (path) => path === '/private' });
    expect(pathsOf((await load(written.file)).tree)).toEqual([
      '/',
      '/box',
      '/brief',
      '/locks',
      '/privateer',
      '/zookeeper',
    ]);
  });

  test('counters are raised where children are numbered, up to their end', async () => {
    const tree = source();
    tree.addNode(node('/full', { stat: statOf({ cversion: 0x7fff_ff00 }) }));
    tree.addNode(node('/full/n2147483000'));
    const written = await write(tree, { sequenceGap: 1000 });
    const loaded = (await load(written.file)).tree;
    expect(loaded.get('/locks')?.stat.cversion).toBe(1006);
    expect(loaded.get('/private')?.stat.cversion).toBe(6);
    expect(written.changedPaths).toMatchObject({ sequence: ['/locks'], 'sequence-end': ['/full'] });
  });

  test('nodes of our own take the place of the source’s', async () => {
    const add = [node('/private', { data: Buffer.from('ours') }), node('/cursor')];
    const { tree } = await load((await write(source(), { add })).file);
    expect(tree.get('/private')?.data?.toString()).toBe('ours');
    expect(tree.has('/private/secret')).toBe(true);
    expect(tree.has('/cursor')).toBe(true);
    await expect(write(source(), { add: [node('/none/of/these')] })).rejects.toThrow(
      /\/none\/of is not part of/,
    );
  });

  test('a zxid below one of the tree is refused: clients would be', async () => {
    await expect(write(source(), { zxid: 8n })).rejects.toThrow(/below one of \/; take one from seedZxid/);
  });
});
