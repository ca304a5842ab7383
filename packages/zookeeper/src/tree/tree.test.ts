import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Acl, openAcl } from '../protocol/acl.ts';
import type { Txn, TxnOp } from '../protocol/txn.ts';
import { checksumSubtree, compareTrees, type TreeDifference } from './compare.ts';
import { dataHash } from './data-hash.ts';
import { comparePaths, isWithin } from './path.ts';
import { type CreateTreeOptions, createTree, type Tree } from './tree.ts';

const closedAcl: Acl[] = [{ perms: 1, scheme: 'auth', id: '' }];

class Scribe {
  readonly tree: Tree;
  #zxid = 0n;

  constructor(options: CreateTreeOptions = {}) {
    this.tree = createTree(options);
  }

  commit(...ops: TxnOp[]): this {
    this.#zxid += 1n;
    this.tree.apply({ zxid: this.#zxid, sessionId: 9n, cxid: 1, timeMs: 1000, ops } satisfies Txn);
    return this;
  }

  create(path: string, data = path, acl: readonly Acl[] = openAcl): this {
    return this.commit({
      kind: 'create',
      path,
      data: Buffer.from(data),
      acl,
      ephemeralOwner: 0n,
      parentCversion: -1,
    });
  }
}

const sample = ['/a', '/a/b', '/a/b/c', '/a-', '/a-/b', '/a/b-', '/b', '/a/a'];
const inWalkOrder = ['/', '/a', '/a/a', '/a/b', '/a/b/c', '/a/b-', '/a-', '/a-/b', '/b'];

describe.each([
  ['in memory', 1000],
  ['on disk', 2],
])('a walk %s', (_name, maxNodesInMemory) => {
  const filled = () => {
    const scribe = new Scribe({ maxNodesInMemory });
    for (const path of sample) scribe.create(path);
    return scribe;
  };
  const pathsOf = (nodes: Iterable<{ path: string }>) => [...nodes].map((node) => node.path);

  test('comes by parents first and siblings by name', () => {
    expect(pathsOf(filled().tree.walk())).toEqual(inWalkOrder);
    expect(pathsOf(filled().tree.walk('/a'))).toEqual(['/a', '/a/a', '/a/b', '/a/b/c', '/a/b-']);
    expect(pathsOf(filled().tree.walk('/none'))).toEqual([]);
    expect(filled().tree.children('/a')).toEqual(['/a/a', '/a/b', '/a/b-']);
  });

  test('goes on behind any path, be it there or not', () => {
    const { tree } = filled();
    for (const after of [...inWalkOrder, '/a/aa', '/a/b/c/d', '/0', '/zz']) {
      const expected = inWalkOrder.filter((path) => comparePaths(path, after) > 0);
      expect(pathsOf(tree.walk('/', { after })), after).toEqual(expected);
    }
  });

  test('is the same after a flush', async () => {
    const { tree } = filled();
    await tree.flush();
    expect(pathsOf(tree.walk())).toEqual(inWalkOrder);
  });

  test('bears changes between its steps', () => {
    const scribe = filled();
    const seen: string[] = [];
    for (const { path } of scribe.tree.walk()) {
      seen.push(path);
      if (path === '/a') scribe.commit({ kind: 'delete', path: '/a/b/c' }).create('/b/new');
      if (path === '/a/b') for (let i = 0; i < 10; i++) scribe.create(`/later-${i}`);
    }
    expect(seen).not.toContain('/a/b/c');
    expect(seen.filter((path) => inWalkOrder.includes(path))).toEqual(
      inWalkOrder.filter((path) => path !== '/a/b/c'),
    );
  });
});

test('the order of paths is that of a walk', () => {
  const name = fc.stringMatching(/^[a-c\-.é]{1,3}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 20 }),
      (names) => {
        const scribe = new Scribe();
        for (const parts of names) {
          for (const depth of parts.keys()) scribe.create(`/${parts.slice(0, depth + 1).join('/')}`);
        }
        const walked = [...scribe.tree.walk()].map((node) => node.path);
        expect([...walked].sort(comparePaths)).toEqual(walked);
      },
    ),
  );
  expect([isWithin('/a/b', '/a'), isWithin('/ab', '/a'), isWithin('/a', '/a'), isWithin('/a', '/')]).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

async function differences(...parameters: Parameters<typeof compareTrees>): Promise<TreeDifference[]> {
  const found: TreeDifference[] = [];
  for await (const difference of compareTrees(...parameters)) found.push(difference);
  return found;
}

describe('comparing', () => {
  test('names each difference once, by path and field', async () => {
    const a = new Scribe()
      .create('/same')
      .create('/data', 'x')
      .create('/acl')
      .create('/gone')
      .create('/gone/too');
    const b = new Scribe()
      .create('/same')
      .create('/data', 'y')
      .create('/acl', '/acl', closedAcl)
      .create('/new')
      .create('/last');
    b.commit({ kind: 'setData', path: '/same', data: Buffer.from('/same'), version: 1 });
    expect(await differences(a.tree, b.tree)).toEqual([
      { path: '/acl', kind: 'field', field: 'acl', a: 'world:anyone:31', b: 'auth::1' },
      {
        path: '/data',
        kind: 'field',
        field: 'data',
        a: expect.stringMatching(/^[0-9a-f]{16} \(1 bytes\)$/),
        b: expect.any(String),
      },
      { path: '/gone', kind: 'onlyInA' },
      { path: '/gone/too', kind: 'onlyInA' },
      { path: '/last', kind: 'onlyInB' },
      { path: '/new', kind: 'onlyInB' },
      { path: '/same', kind: 'field', field: 'version', a: 0, b: 1 },
    ]);
    const narrow = { prefix: '/gone', ignore: (path: string) => path === '/gone/too' };
    expect(await differences(a.tree, b.tree, narrow)).toEqual([{ path: '/gone', kind: 'onlyInA' }]);
    expect(await differences(a.tree, b.tree, { fields: [] })).toHaveLength(4);
  });

  test('finds what a model finds', async () => {
    const content = fc.dictionary(fc.constantFrom(...sample), fc.constantFrom('', '1', '2'));
    const build = (values: Record<string, string>, maxNodesInMemory: number) => {
      const scribe = new Scribe({ maxNodesInMemory });
      for (const path of inWalkOrder) {
        const parent = path.slice(0, path.lastIndexOf('/')) || '/';
        if (values[path] !== undefined && scribe.tree.has(parent)) scribe.create(path, values[path]);
      }
      return scribe.tree;
    };
    await fc.assert(
      fc.asyncProperty(content, content, async (left, right) => {
        const [a, b] = [build(left, 1000), build(right, 3)];
        const found = (await differences(a, b, { fields: ['data'] })).map(
          ({ path, kind }) => `${path} ${kind}`,
        );
        const expected = inWalkOrder.flatMap((path) => {
          if (a.has(path) !== b.has(path)) return [`${path} ${a.has(path) ? 'onlyInA' : 'onlyInB'}`];
          return a.has(path) && path !== '/' && left[path] !== right[path] ? [`${path} field`] : [];
        });
        expect(found).toEqual(expected);
        const fields = { fields: ['data'] } as const;
        const [sumOfA, sumOfB] = [await checksumSubtree(a, fields), await checksumSubtree(b, fields)];
        expect(sumOfA.checksum === sumOfB.checksum).toBe(expected.length === 0);
        a.close();
        b.close();
      }),
    );
  });

  test('hashes of data tell values apart, null and empty alike', () => {
    expect(dataHash(null)).toBe(dataHash(Buffer.alloc(0)));
    const hashes = new Set<bigint>();
    for (let i = 0; i < 20_000; i++) hashes.add(dataHash(Buffer.from(`value-${i}`)));
    for (let length = 1; length < 300; length++) hashes.add(dataHash(Buffer.alloc(length)));
    expect(hashes.size).toBe(20_000 + 299);
  });
});

test('a mirror says so when it differs from the servers, and not before the window has passed', () => {
  const { tree } = new Scribe();
  tree.beginSnapshot(10n);
  const txn = (zxid: bigint, digest: bigint): Txn => ({
    zxid,
    sessionId: 1n,
    cxid: 1,
    timeMs: 1,
    ops: [],
    digest,
  });
  tree.apply(txn(11n, 1n));
  expect(tree.state).toBe('fuzzy');
  tree.consistentFrom(12n);
  tree.apply(txn(12n, 1n));
  expect(tree.state).toBe('consistent');
  tree.apply(txn(13n, tree.digest));
  expect(tree.state).toBe('verified');
  tree.apply(txn(14n, 1n));
  expect(tree.state).toBe('mismatch');
  expect(tree.mismatch).toEqual({ zxid: 14n, expected: 1n, actual: tree.digest });
  tree.apply(txn(15n, tree.digest));
  expect(tree.state).toBe('mismatch');
});

test('large values, and many of them coming and going, are kept and let go', () => {
  const scribe = new Scribe({ retainData: true }).create('/v', '');
  const lengths = [0, 1, 15, 16, 17, 1000, 65_536, 65_537, 200_000];
  for (let round = 0; round < 3; round++) {
    for (const length of lengths) {
      const data = Buffer.alloc(length, round + length);
      scribe.commit({ kind: 'setData', path: '/v', data, version: 1 });
      expect(scribe.tree.get('/v')?.data?.equals(data)).toBe(true);
    }
  }
});
