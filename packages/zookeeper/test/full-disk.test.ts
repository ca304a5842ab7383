/** What has to go to disk and cannot: said with the folder's name and what to do, and nothing lost on the way. */
import { mountSmallDisk } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { createTree, openAcl } from '../src/index.ts';
import { Spool } from '../src/learner/spool.ts';

const stat = {
  czxid: 1n,
  mzxid: 1n,
  ctime: 1,
  mtime: 1,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  pzxid: 1n,
};

test('a spool gives back all that it took, and takes more once there is room', async () => {
  await using disk = await mountSmallDisk({ sizeMb: 4 });
  const spool = new Spool<string>({ maxMemoryBytes: 0, folder: disk.path });
  const piece = Buffer.alloc(100_000, 'x');
  let taken = 0;
  const fill = () => {
    for (; taken < 1000; taken++) spool.pushBytes(piece, taken);
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'SpoolFull', retryable: true }));
  expect(fill).toThrow(new RegExp(`${disk.path} cannot be written`));
  expect(taken).toBeGreaterThan(10);
  for (let at = 0; at < taken; at++) {
    const entry = spool.shift();
    expect(entry?.kind === 'bytes' && entry.arrivedAtMs === at && entry.bytes.equals(piece)).toBe(true);
  }
  expect(spool.isEmpty).toBe(true);
  spool.pushBytes(piece, 0);
  spool.close();
});

test('a mirror says that its nodes cannot be kept', async () => {
  await using disk = await mountSmallDisk({ sizeMb: 2 });
  const tree = createTree({ maxNodesInMemory: 10, folder: disk.path, retainData: true });
  const data = Buffer.alloc(10_000, 'x');
  const fill = () => {
    // SQLite's own cache is 64 MiB.
    for (let i = 0; i < 20_000; i++) tree.addNode({ path: `/node-${i}`, data, acl: openAcl, stat });
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'StorageFailed', retryable: false }));
  expect(fill).toThrow(
    new RegExp(`cannot be kept in ${disk.path}: .*full.*make room, or raise maxNodesInMemory`),
  );
  tree.close();
});
