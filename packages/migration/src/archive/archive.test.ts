import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesBelow, restoreArchive, verifyArchive, writeArchive } from './archive.ts';
import { safePath } from './records.ts';

let folder: string;
let archive: string;
let keyFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-test-'));
  archive = join(folder, 'a.zkarchive');
  keyFile = join(folder, 'key');
  await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
  await mkdir(join(folder, 'data/version-2'), { recursive: true });
  await writeFile(join(folder, 'data/myid'), '1\n', { mode: 0o640 });
  await writeFile(join(folder, 'data/version-2/empty'), '');
  await writeFile(join(folder, 'data/version-2/log.1'), big);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** More than two chunks, and compressible by nobody. */
const big = randomBytes(2_500_000);

const write = () =>
  writeArchive({
    file: archive,
    key: { file: keyFile },
    source: 'ensemble A of m1',
    files: filesBelow(join(folder, 'data'), 'server-1'),
    nowMs: 1_000,
  });

test('what goes in comes out: content, mode and time, and the file is unreadable for others', async () => {
  const summary = await write();
  expect(summary.manifest.files.map((file) => [file.path, file.bytes])).toEqual([
    ['server-1/myid', 2],
    ['server-1/version-2/empty', 0],
    ['server-1/version-2/log.1', big.length],
  ]);
  expect((await stat(archive)).mode & 0o777).toBe(0o600);
  expect(await readFile(archive)).toHaveLength(summary.bytes);
  const restored = join(folder, 'restored');
  expect(await restoreArchive(archive, { file: keyFile }, restored)).toEqual(summary.manifest);
  expect(await readFile(join(restored, 'server-1/version-2/log.1'))).toEqual(big);
  const original = await stat(join(folder, 'data/myid'));
  const copy = await stat(join(restored, 'server-1/myid'));
  expect(copy.mode & 0o777).toBe(0o640);
  expect(Math.abs(copy.mtimeMs - original.mtimeMs)).toBeLessThan(2);
  await expect(restoreArchive(archive, { file: keyFile }, restored)).rejects.toThrow('is not empty');
});

test('a passphrase works as well as a key, and another one is refused', async () => {
  const phrase = join(folder, 'phrase');
  await writeFile(phrase, 'correct horse\nsecond line\n');
  const files = filesBelow(join(folder, 'data'), 's');
  await writeArchive({ file: archive, key: { passphraseFile: phrase }, source: 'x', files, nowMs: 1 });
  expect((await verifyArchive(archive, { passphraseFile: phrase })).files).toHaveLength(3);
  await writeFile(phrase, 'wrong horse\n');
  await expect(verifyArchive(archive, { passphraseFile: phrase })).rejects.toThrow('the key is not the one');
  await expect(verifyArchive(archive, { file: keyFile })).rejects.toThrow('locked with a passphrase');
});

test('cut off anywhere, it is refused and nothing appears', async () => {
  const { bytes } = await write();
  const whole = await readFile(archive);
  const cuts = [0, 3, 9, 40, 200, 1_048_700, 1_048_900, bytes - 17, bytes - 1];
  for (const cut of cuts) {
    await writeFile(archive, whole.subarray(0, cut));
    const restored = join(folder, `cut-${cut}`);
    await expect(restoreArchive(archive, { file: keyFile }, restored), `cut at ${cut}`).rejects.toMatchObject(
      {
        code: 'corrupt',
      },
    );
    expect(await readdir(folder)).not.toContain(`cut-${cut}`);
  }
});

test('one changed bit anywhere, it is refused', async () => {
  await write();
  const whole = await readFile(archive);
  const headerEnd = 11 + whole.readUInt32BE(7);
  const spots = [0, 8, 12, headerEnd - 3, headerEnd, headerEnd + 4, 1_500_000, whole.length - 1];
  for (const spot of spots) {
    const changed = Buffer.from(whole);
    changed[spot] = (changed[spot] ?? 0) ^ 1;
    await writeFile(archive, changed);
    await expect(verifyArchive(archive, { file: keyFile }), `changed at ${spot}`).rejects.toMatchObject({
      code: 'corrupt',
    });
  }
});

test('chunks in another order, twice, or with something behind them are refused', async () => {
  await write();
  const whole = await readFile(archive);
  const headerEnd = 11 + whole.readUInt32BE(7);
  const chunk = 4 + whole.readUInt32BE(headerEnd) + 16;
  const head = whole.subarray(0, headerEnd);
  const first = whole.subarray(headerEnd, headerEnd + chunk);
  const second = whole.subarray(headerEnd + chunk, headerEnd + 2 * chunk);
  const rest = whole.subarray(headerEnd + 2 * chunk);
  for (const parts of [
    [second, first, rest],
    [first, first, second, rest],
    [first, second, rest, first],
    [first, rest],
  ]) {
    await writeFile(archive, Buffer.concat([head, ...parts]));
    await expect(verifyArchive(archive, { file: keyFile })).rejects.toMatchObject({ code: 'corrupt' });
  }
});

test.each(['../x', '/etc/passwd', 'a//b', 'a/../b', '.', ''])('a file named %j is refused', (path) => {
  expect(() => safePath(path)).toThrow('the archive is refused');
});

test('a key that is none is refused with the command that makes one', async () => {
  await writeFile(keyFile, 'short');
  await expect(write()).rejects.toMatchObject({
    code: 'config',
    remedy: expect.stringContaining('/dev/urandom'),
  });
  await expect(verifyArchive(archive, { env: 'NO_SUCH_VARIABLE_HERE' })).rejects.toThrow();
});
