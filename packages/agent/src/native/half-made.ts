/**
 * What the OCI runtime does not know of, because whoever made a container died in the middle of it: processes that are
 * still at it, and cgroups of which no state was written down.
 */
import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import { hierarchiesOf } from '../container/cgroup-usage.ts';
import { signalIfThere } from '../container/process-tree.ts';
import { readIfThere } from '../container/read-if-there.ts';
import { AgentError } from '../errors.ts';
import { namespaceOf } from './network.ts';

const lookIntervalMs = 10;
/** No step of making a container takes nearly as long. */
const patienceMs = 20_000;

interface Maker {
  pid: number;
  isConmon: boolean;
}

/** Programs that an agent before this one, or its conmon, has begun for the container. */
async function makersOf(containerId: string, folder: string): Promise<Maker[]> {
  const isOfIt = (word: string) =>
    word === folder || word.startsWith(`${folder}/`) || word.includes(namespaceOf(containerId));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found: Maker[] = [];
  for (const pid of pids) {
    const words = ((await readIfThere(`/proc/${pid}/cmdline`)) ?? '').split('\0');
    const isConmon = basename(words[0] ?? '') === 'conmon' && words.includes(containerId);
    const isMaker = isConmon || words.some(isOfIt) || (await isPlugin(pid, containerId));
    if (isMaker) found.push({ pid: Number(pid), isConmon });
  }
  return found;
}

/** Of a network; these are told the container in their environment. */
async function isPlugin(pid: string, containerId: string): Promise<boolean> {
  // Those of other users and of the kernel cannot be read, and are none of ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(`CNI_CONTAINERID=${containerId}`);
}

/** @returns false when there are some all the time */
async function isSoonNone(look: () => Promise<number>, clock: Clock): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + patienceMs;
  while ((await look()) > 0) {
    if (clock.monotonicMs() > deadlineMs) return false;
    await sleep(clock, lookIntervalMs);
  }
  return true;
}

/**
 * Resolves when nobody makes the container any more: conmon is ended, and the runtime with it; plugins and mounts are
 * waited for, since they end by themselves and half of one could not be undone.
 */
export async function endMakers(containerId: string, folder: string, clock: Clock): Promise<void> {
  const look = async () => {
    const makers = await makersOf(containerId, folder);
    for (const { pid, isConmon } of makers) if (isConmon) signalIfThere(pid, 'SIGKILL');
    return makers.length;
  };
  // What is still there then is stuck, or was never about making it.
  await isSoonNone(look, clock);
}

/** With all below it, the deepest first: a cgroup with children cannot be removed. */
async function cgroupsBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return [...(await Promise.all(folders.map(cgroupsBelow))).flat(), path];
}

async function endOnce(cgroup: string): Promise<void> {
  // The runtime freezes version 1 while it sets limits; who is frozen does not die.
  await writeFile(join(cgroup, 'freezer.state'), 'THAWED').catch(() => undefined);
  const pids = (await readIfThere(join(cgroup, 'cgroup.procs'))) ?? '';
  for (const pid of pids.split('\n').map(Number)) if (pid > 0) signalIfThere(pid, 'SIGKILL');
  // Not before the last of them is gone: until then it is looked at again.
  await rmdir(cgroup).catch(() => undefined);
}

/** Removes the cgroup from each hierarchy, and ends what is in it. Nothing when there is none. @throws AgentError `LaunchFailed` */
export async function removeCgroups(cgroupPath: string, clock: Clock): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const tops = [...new Set(hierarchiesOf(mounts).values())].map((top) => join(top, cgroupPath));
  const look = async () => {
    const cgroups = (await Promise.all(tops.map(cgroupsBelow))).flat();
    for (const cgroup of cgroups) await endOnce(cgroup);
    return cgroups.length;
  };
  if (await isSoonNone(look, clock)) return;
  throw new AgentError('LaunchFailed', `cgroup ${cgroupPath} could not be removed within ${patienceMs} ms`, {
    retryable: true,
  });
}
