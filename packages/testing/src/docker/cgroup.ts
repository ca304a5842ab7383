/** A cgroup that holds all that a server starts, also what outlives the server, so that all of it can be ended. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestingError } from '../errors.ts';
import { undoAtExit } from '../janitor.ts';
import { waitFor } from '../wait-for.ts';

const mountPoint = '/sys/fs/cgroup';

/** Every hierarchy that processes can be in; one with cgroups v2, several with v1. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(mountPoint, 'cgroup.procs'))) return [mountPoint];
  const names = await readdir(mountPoint);
  return names.map((name) => join(mountPoint, name)).filter((path) => existsSync(join(path, 'cgroup.procs')));
}

async function foldersOf(name: string): Promise<string[]> {
  const folders: string[] = [];
  for (const hierarchy of await hierarchies()) {
    const top = join(hierarchy, name);
    if (!existsSync(top)) continue;
    const entries = await readdir(top, { recursive: true, withFileTypes: true });
    const below = entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    folders.push(top, ...below);
  }
  // The deepest first: a cgroup with children cannot be removed.
  return folders.sort((left, right) => right.length - left.length);
}

const vanished = (error: NodeJS.ErrnoException) => {
  if (!['ENOENT', 'EBUSY', 'ENODEV', 'ESRCH'].includes(error.code ?? '')) throw error;
};

/** What a paused container holds dies once it may run again. */
async function thaw(folder: string): Promise<void> {
  const states = [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const;
  for (const [file, value] of states) {
    const path = join(folder, file);
    if (existsSync(path)) await writeFile(path, value).catch(vanished);
  }
}

async function endOnce(name: string): Promise<boolean> {
  const folders = await foldersOf(name);
  for (const folder of folders) await thaw(folder);
  for (const folder of folders) {
    const text = (await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(vanished)) ?? '';
    for (const line of text.split('\n').filter((pid) => pid !== '' && pid !== '0')) {
      try {
        process.kill(Number(line), 'SIGKILL');
      } catch (error) {
        vanished(error as NodeJS.ErrnoException);
      }
    }
  }
  for (const folder of folders) await rmdir(folder).catch(vanished);
  return (await foldersOf(name)).length === 0;
}

export interface TestCgroup {
  /** Absolute within each hierarchy, e.g. `/orchestrator-docker-1a2b`. */
  readonly path: string;
  /** A process that writes its id there is in it, and so is what it starts. */
  readonly procsFile: string;
  /** Kills everything in it and removes it. @throws TestingError `Timeout` */
  end(): Promise<void>;
}

/**
 * A new cgroup, ended at the latest when this process ends.
 *
 * @throws TestingError `NotRoot`
 */
export async function createTestCgroup(name: string): Promise<TestCgroup> {
  if (process.getuid?.() !== 0) {
    throw new TestingError('NotRoot', 'a cgroup needs root; run the tests as root or with sudo');
  }
  const unified = existsSync(join(mountPoint, 'cgroup.procs'));
  const unique = `orchestrator-${name}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  undoAtExit('cgroup', unique);
  // Processes and containers in folders of their own: cgroups v2 has none in a cgroup with children.
  const folder = join(mountPoint, unified ? '' : 'pids', unique, 'server');
  await mkdir(folder, { recursive: true });
  return {
    path: `/${unique}`,
    procsFile: join(folder, 'cgroup.procs'),
    end: async () => {
      await waitFor(() => endOnce(unique), { what: `the processes of cgroup ${unique} to end` });
    },
  };
}
