import { createTree, openAcl, type Stat, type Tree, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import { expect, test } from 'vitest';
import { changesOf, type NodeState } from './node-reads.ts';

const noStat: Stat = {
  czxid: 0n,
  mzxid: 0n,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
  pzxid: 0n,
};

const found = (path: string, data: string, stat: Partial<Stat> = {}): NodeState => ({
  path,
  data: Buffer.from(data),
  acl: openAcl,
  stat: { ...noStat, ...stat },
});

function take(tree: Tree, ops: readonly TxnOp[]): void {
  const txn: Txn = { zxid: tree.zxid + 1n, sessionId: 0n, cxid: 0, timeMs: 1, ops };
  tree.apply(txn);
}

/** What the mirror holds once the changes are in it. */
function after(tree: Tree, state: NodeState): { kinds: string[]; version: number | undefined } {
  const ops = changesOf(tree, state, -1);
  take(tree, ops);
  expect(changesOf(tree, state, -1)).toEqual([]);
  return { kinds: ops.map(({ kind }) => kind), version: tree.get(state.path)?.stat.version };
}

function treeWith(...states: readonly NodeState[]): Tree {
  const tree = createTree();
  for (const state of states) take(tree, changesOf(tree, state, -1));
  return tree;
}

test('a node that is new comes with its version and its ACL’s', () => {
  expect(after(treeWith(), found('/a', 'x', { version: 3, aversion: 2 }))).toEqual({
    kinds: ['create', 'setData', 'setAcl'],
    version: 3,
  });
});

test('a node with a higher version was written to', () => {
  const tree = treeWith(found('/a', 'x', { version: 1 }));
  expect(after(tree, found('/a', 'y', { version: 4 }))).toEqual({ kinds: ['setData'], version: 4 });
});

test.each([
  ['a lower version', { version: 0 }],
  ['the same version and other data', { version: 1 }],
  ['a lower version of its ACL', { version: 2, aversion: 0 }],
  ['another owner', { version: 1, ephemeralOwner: 5n }],
])('a node with %s was deleted and made again, with what was below it', (_, stat) => {
  const tree = treeWith(found('/a', 'x', { version: 1, aversion: 1 }), found('/a/b', 'child'));
  const { kinds, version } = after(tree, found('/a', 'y', { aversion: 1, ...stat }));
  expect(kinds.slice(0, 3)).toEqual(['delete', 'delete', 'create']);
  expect(version).toBe(stat.version);
  expect(tree.has('/a/b')).toBe(false);
});

test('a node that is the same changes nothing', () => {
  const tree = treeWith(found('/a', 'x', { version: 1, aversion: 1 }));
  expect(changesOf(tree, found('/a', 'x', { version: 1, aversion: 1 }), -1)).toEqual([]);
});
