import { openAcl } from '@orchestrator/zookeeper';
import { expect, test } from 'vitest';
import type { NodeView } from './node-view.ts';
import { createTally } from './tally.ts';

const view = (more: Partial<NodeView> = {}): NodeView => ({
  dataHash: 1n,
  dataLength: 1,
  acl: openAcl,
  version: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  nextSequence: 0,
  numChildren: 0,
  ...more,
});

const create = () => createTally({ limit: 10, ignoresKind: (path) => path.startsWith('/election/') });

test('equal nodes sum up to equal checksums, in whatever order they come', () => {
  const [one, two] = [create(), create()];
  for (const path of ['/a', '/b', '/c']) one.take(path, view(), view());
  for (const path of ['/c', '/a', '/b']) two.take(path, view(), view());
  expect(one.checksum).toEqual(two.checksum);
  expect(one.checksum.source).toBe(one.checksum.target);
  expect(one.nodes).toEqual({ source: 3, target: 3 });
  two.take('/d', view(), view());
  expect(two.checksum.source).not.toBe(one.checksum.source);
});

test.each([
  ['data', { dataHash: 2n }],
  ['version', { version: 1 }],
  ['kind', { ephemeralOwner: 5n }],
  ['acl', { acl: [] }],
] as const)('a node whose %s differs is looked at again, and counts only then', (_, change) => {
  const tally = create();
  tally.take('/a', view(), view(change));
  expect([...tally.suspects]).toEqual(['/a']);
  expect(tally.nodes).toEqual({ source: 0, target: 0 });
  tally.settle('/a', view(), view(change));
  expect(tally.checksum.source).not.toBe(tally.checksum.target);
});

test('raised counters are listed apart, and owners of ephemerals are of no account', () => {
  const tally = create();
  tally.take('/queue', view({ nextSequence: 5 }), view({ nextSequence: 1005 }));
  tally.take('/lock', view({ ephemeralOwner: 7n }), view({ ephemeralOwner: 8n }));
  tally.take('/election/n_1', view({ ephemeralOwner: 7n }), view());
  expect([...tally.suspects]).toEqual([]);
  expect(tally.checksum.source).toBe(tally.checksum.target);
  expect(tally.counters).toEqual([
    { path: '/queue', fields: [{ field: 'sequence counter', source: '5', target: '1005' }] },
  ]);
});
