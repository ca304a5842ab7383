import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'make-folder-'));
});

afterEach(() => rm(root, { recursive: true }));

test('makes what is missing, with its mode, and leaves what is there', async () => {
  const folder = join(root, 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 20 }, () => makeFolder(folder, 0o700)));
  expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o700);
  await makeFolder(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('a file in the way is told', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(makeFolder(join(root, 'file'))).rejects.toThrow(/EEXIST/);
  await expect(makeFolder(join(root, 'file', 'below'))).rejects.toThrow(/ENOTDIR/);
});

test('where nothing can be made it says so, and ends', async () => {
  await expect(makeFolder('/proc/x')).rejects.toThrow('nothing can be made in /proc');
  await expect(makeFolder('/proc/x/y/z')).rejects.toThrow('nothing can be made in /proc');
});
