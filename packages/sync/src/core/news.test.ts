import { createTree, openAcl, type Tree, type TxnOp } from '@orchestrator/zookeeper';
import { beforeEach, expect, test } from 'vitest';
import { newsOf } from './news.ts';
import { createScope } from './scope.ts';

const create = (path: string, text: string, ephemeralOwner = 0n): TxnOp => ({
  kind: 'create',
  path,
  data: Buffer.from(text),
  acl: openAcl,
  ephemeralOwner,
  parentCversion: -1,
});
const set = (path: string, text: string, version: number): TxnOp => ({
  kind: 'setData',
  path,
  data: Buffer.from(text),
  version,
});
const setAcl = (path: string, aversion: number): TxnOp => ({ kind: 'setAcl', path, acl: openAcl, aversion });
const gone = (path: string): TxnOp => ({ kind: 'delete', path });

let mirror: Tree;

beforeEach(() => {
  mirror = createTree();
  const ops = [create('/a', 'x'), set('/a', 'y', 1), create('/a/b', 'b'), create('/c', 'x'), setAcl('/c', 1)];
  mirror.apply({ zxid: 1n, sessionId: 0n, cxid: 0, timeMs: 0, ops });
});

/** What a finding made with an older mirror says of this one, an op a word. */
function news(...ops: readonly TxnOp[]): readonly string[] | undefined {
  const txn = { zxid: 9n, sessionId: 0n, cxid: 0, timeMs: 0, ops };
  return newsOf(mirror, createScope({}), txn)?.map((op) =>
    'path' in op ? `${op.kind} ${op.path}` : op.kind,
  );
}

test('a node that was made anew by us before it was read is no news', () => {
  expect(news(gone('/a'), create('/a', 'x'), set('/a', 'y', 1), create('/a/b', 'b'))).toEqual([]);
});

test('of a node that was made anew by us, what a client wrote since is', () => {
  expect(news(gone('/a'), create('/a', 'x'), set('/a', 'z', 2), create('/a/b', 'b'))).toEqual(['setData /a']);
});

test('a node made anew by a client is, with what was below the one before', () => {
  const found = news(gone('/a'), create('/a', 'other'), create('/a/c', 'c'));
  expect(found).toEqual(['delete /a/b', 'delete /a', 'create /a', 'create /a/c']);
});

test('what is below a node that is gone is gone too, although the older mirror did not have it', () => {
  expect(news(gone('/a'))).toEqual(['delete /a/b', 'delete /a']);
});

test('a node whose ACL was set less often is another node', () => {
  expect(news(create('/c', 'x'), set('/c', 'y', 1))).toEqual(['delete /c', 'create /c', 'setData /c']);
});

test('a node of another owner is another node', () => {
  expect(news(create('/a/b', 'b', 7n))).toEqual(['delete /a/b', 'create /a/b']);
});

test.each<[string, TxnOp]>([
  ['a set of a node that is not there by now', set('/gone', 'x', 3)],
  ['a version that has been passed by now', set('/a', 'x', 0)],
  ['a version of the ACL that has been passed by now', setAcl('/c', 0)],
  ['a child of a parent that is not there by now', create('/gone/child', 'x')],
])('%s cannot be told from this finding', (_, op) => {
  expect(news(op)).toBeUndefined();
});
