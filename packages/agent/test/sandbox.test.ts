import { existsSync } from 'node:fs';
import { appendFile, chown, mkdtemp, open, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { mountSmallDisk, removeFolder, SimulatedClock, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSandbox, latestContainer, SandboxCollector } from '../src/index.ts';
import { RotatingLog } from '../src/sandbox/rotating-log.ts';
import { shortenOutput } from '../src/sandbox/shorten-output.ts';

let folder: string;
const ids = { agentId: 'A-S0', frameworkId: 'F-0001', executorId: 'task.1', containerId: 'c1' };

beforeAll(async () => {
  folder = await temporaryFolder('sandbox');
});
afterAll(() => removeFolder(folder));

const newFolder = () => mkdtemp(join(folder, 'work-'));

test('a sandbox is where Mesos has it, and the latest is known', async () => {
  const workDir = await newFolder();
  const path = await createSandbox(workDir, ids, { uid: 1000, gid: 1000 });
  expect(path).toBe(join(workDir, 'slaves/A-S0/frameworks/F-0001/executors/task.1/runs/c1'));
  const { mode, uid } = await stat(path);
  expect([mode & 0o777, uid]).toEqual([0o750, 1000]);
  const second = await createSandbox(workDir, { ...ids, containerId: 'c2' });
  expect(await readlink(join(path, '../latest'))).toBe(second);
  expect(await latestContainer(workDir, ids)).toBe('c2');
  await expect(createSandbox(workDir, { ...ids, executorId: '../../x' })).rejects.toThrow(
    'cannot be the name of a folder',
  );
});

describe('garbage', () => {
  test('goes after its time, and at once when the disk is full', async () => {
    await using disk = await mountSmallDisk({ sizeMb: 4 });
    const clock = new SimulatedClock();
    const collector = new SandboxCollector({ workDir: disk.path, gcDelayMs: 100_000, clock });
    const made = (containerId: string) => createSandbox(disk.path, { ...ids, containerId });
    const [old, rescued, young] = [await made('old'), await made('rescued'), await made('young')];
    collector.add(old, clock.nowMs() - 90_000);
    collector.add(rescued, clock.nowMs() - 90_000);
    collector.add(young, clock.nowMs());
    collector.rescue(rescued);
    expect((await collector.collect()).removed).toEqual([old]);
    expect([existsSync(old), existsSync(rescued), existsSync(young)]).toEqual([false, true, true]);
    await disk.fill();
    expect(await collector.collect()).toEqual({ removed: [young], allowedAgeMs: 0 });
    collector.close();
  });
});

describe('a log that is written here', () => {
  test('is rotated, and goes on at a place before a rotation as if nothing after it had been', async () => {
    const path = join(await newFolder(), 'stdout');
    const rotation = { maxBytes: 10, maxFiles: 3 };
    const log = await RotatingLog.open(path, rotation);
    await log.append(Buffer.from('12345'));
    const { position } = log;
    for (const text of ['67890', 'abcdefg', 'hijk']) await log.append(Buffer.from(text));
    await log.close();
    const contents = async () =>
      Promise.all(['', '.1', '.2'].map((age) => readFile(`${path}${age}`, 'utf8').catch(() => undefined)));
    expect(await contents()).toEqual(['hijk', 'abcdefg', '1234567890']);
    const again = await RotatingLog.open(path, rotation, position);
    await again.append(Buffer.from('67'));
    await again.close();
    expect(await contents()).toEqual(['1234567', undefined, undefined]);
  });
});

describe('compressed', () => {
  const rotation = { maxBytes: 10, maxFiles: 5, compress: true };
  const whole = async (path: string) => {
    const names = await readdir(join(path, '..'));
    const age = (name: string) => Number(name.split('.')[1] ?? 0);
    const parts = names
      .sort((left, right) => age(right) - age(left))
      .map(async (name) => {
        const bytes = await readFile(join(path, '..', name));
        return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
      });
    return { names, text: (await Promise.all(parts)).join('') };
  };

  test('rotated files are whole from the second on, and what was not yet is at the next time', async () => {
    const path = join(await newFolder(), 'stdout');
    const plain = await RotatingLog.open(path, { ...rotation, compress: false });
    for (const text of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd'])
      await plain.append(Buffer.from(text));
    await plain.close();
    const log = await RotatingLog.open(path, rotation);
    await log.append(Buffer.from('eeeeeeee'));
    const { position } = log;
    const { names, text } = await whole(path);
    expect(names).toEqual(['stdout.4.gz', 'stdout.3.gz', 'stdout.2.gz', 'stdout.1', 'stdout']);
    expect(text).toBe('aaaaaaaabbbbbbbbccccccccddddddddeeeeeeee');
    await log.append(Buffer.from('ffffffff'));
    await log.close();
    expect((await whole(path)).text, 'the oldest goes').toBe('bbbbbbbbccccccccddddddddeeeeeeeeffffffff');
    const again = await RotatingLog.open(path, rotation, position);
    await again.append(Buffer.from('x'));
    await again.close();
    expect((await whole(path)).text, 'back before a rotation').toBe('bbbbbbbbccccccccddddddddeeeeeeeex');
  });

  test('so is what a task writes itself, and belongs to whom it did', async () => {
    const path = join(await newFolder(), 'stdout');
    for (const letter of ['a', 'b', 'c']) {
      await appendFile(path, letter.repeat(20_000));
      await shortenOutput(path, { ...rotation, maxBytes: 10_000 });
      if (letter === 'a') await chown(`${path}.1`, 1000, 1000);
    }
    const { names, text } = await whole(path);
    expect(names.filter((name) => name.endsWith('.gz'))).toEqual(['stdout.3.gz', 'stdout.2.gz']);
    expect(text).toBe(['a', 'b', 'c'].map((letter) => letter.repeat(20_000)).join(''));
    expect((await stat(`${path}.3.gz`)).uid).toBe(1000);
  });
});

describe('output that its task writes', () => {
  test('loses and doubles nothing while it is shortened under a writer', async () => {
    const path = join(await newFolder(), 'stdout');
    const file = await open(path, 'a');
    let written = 0;
    let isDone = false;
    const writing = (async () => {
      for (; written < 20_000; written++) await file.appendFile(`line ${written}\n`);
      isDone = true;
    })();
    while (!isDone) {
      if (existsSync(path)) await shortenOutput(path, { maxBytes: 20_000, maxFiles: 100 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    await file.close();
    const ages = (await readdir(join(path, '..'))).map((name) => Number(name.split('.')[1] ?? 0));
    ages.sort((left, right) => right - left);
    const parts = await Promise.all(ages.map((age) => readFile(age === 0 ? path : `${path}.${age}`, 'utf8')));
    const expected = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
    expect(parts.join('') === expected).toBe(true);
    expect(ages.length).toBeGreaterThan(2);
  });

  test('is emptied where the file system cannot cut', async () => {
    await using disk = await mountSmallDisk({ sizeMb: 4 });
    const path = join(disk.path, 'stdout');
    await appendFile(path, 'x'.repeat(50_000));
    await shortenOutput(path, { maxBytes: 10_000 });
    expect((await stat(path)).size).toBe(0);
    expect((await stat(`${path}.1`)).size).toBe(50_000);
  });
});
