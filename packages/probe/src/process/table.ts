import { statSync } from 'node:fs';
import { containerIdOf } from '../cgroup/parse.ts';
import type { HostFacts } from '../host/facts.ts';
import { listFolder, readKernelFile, readKernelText, readShortLines } from '../procfs/read.ts';
import { type GroupParents, groupOf, namesOf, type ProcessNames } from './groups.ts';
import { type ProcessStat, parseCommandLine, parseProcessStat, parseUsers } from './parse.ts';

/** A process that is worth a node. */
export interface SeenProcess {
  readonly pid: number;
  readonly stat: ProcessStat;
  readonly command: string;
  readonly user: string;
  readonly containerId: string | undefined;
  /** Of those wanted. */
  readonly group: { readonly name: string; readonly isContained: boolean } | undefined;
  /** Per cent of one core since the last look; undefined at the first. */
  readonly cpuPercent: number | undefined;
}

export interface ProcessTableOptions {
  readonly host: HostFacts;
  /** Processes that live shorter are not shown: a shell that calls `sleep` each second would fill every report. */
  readonly minAgeMs: number;
  /** Of processes shown: the longest-lived ones. */
  readonly limit: number;
  readonly showSecrets: boolean;
}

interface Known {
  stat: ProcessStat;
  atMs: number;
  command: string | undefined;
  user: string;
  containerId: string | undefined;
  /** Read when somebody wants to know. */
  names: ProcessNames | undefined;
}

const kernelThreads = 2;

/** What does not change in the life of a process is read once; a look costs one small file a process. */
export function createProcessTable({ host, minAgeMs, limit, showSecrets }: ProcessTableOptions) {
  const { procRoot } = host;
  const known = new Map<number, Known>();
  let users: Map<number, string> | undefined;

  const userOf = (pid: number): string => {
    users ??= parseUsers(readKernelText('/etc/passwd') ?? '');
    try {
      const { uid } = statSync(`${procRoot}/${pid}`);
      return users.get(uid) ?? String(uid);
    } catch {
      return ''; // ended meanwhile
    }
  };

  const learn = (pid: number, entry: Known) => {
    entry.command = parseCommandLine(readKernelText(`${procRoot}/${pid}/cmdline`) ?? '', showSecrets);
    entry.user = userOf(pid);
    entry.containerId = containerIdOf(readKernelFile(`${procRoot}/${pid}/cgroup`) ?? '');
    entry.names = undefined;
  };

  const groupIn = (pid: number, entry: Known, wanted: ReadonlyMap<string, GroupParents>) => {
    if (wanted.size === 0) return undefined;
    const read = (name: string) => readKernelFile(`${procRoot}/${pid}/${name}`) ?? '';
    entry.names ??= namesOf(read('cgroup'), read('environ'));
    return groupOf(entry.names, wanted);
  };

  return {
    /** All processes that are old enough; `nowMs` is monotonic, `wanted` are groups to be found. */
    look(nowMs: number, wanted: ReadonlyMap<string, GroupParents>): SeenProcess[] {
      const uptimeS = Number.parseFloat(readKernelFile(`${procRoot}/uptime`) ?? '0');
      const seen: SeenProcess[] = [];
      const there = new Set<number>();
      for (const name of listFolder(procRoot)) {
        const pid = Number(name);
        if (!Number.isInteger(pid)) continue;
        const stat = parseProcessStat(readShortLines(`${procRoot}/${name}/stat`) ?? '');
        if (stat === undefined || pid === kernelThreads || stat.parentPid === kernelThreads) continue;
        there.add(pid);
        const ageMs = (uptimeS - stat.startTicks / host.clockTicksPerS) * 1000;
        if (ageMs < minAgeMs) continue;
        let entry = known.get(pid);
        let cpuPercent: number | undefined;
        if (entry === undefined || entry.stat.startTicks !== stat.startTicks) {
          const unknown = { command: undefined, containerId: undefined, names: undefined };
          entry = { stat, atMs: nowMs, user: '', ...unknown };
          known.set(pid, entry);
        } else {
          const ticks = stat.cpuTicks - entry.stat.cpuTicks;
          const elapsedS = (nowMs - entry.atMs) / 1000;
          // It has become another program, as what starts a container becomes its command.
          if (entry.stat.name !== stat.name) entry.command = undefined;
          if (elapsedS > 0) cpuPercent = Math.round((ticks / host.clockTicksPerS / elapsedS) * 1000) / 10;
          entry.stat = stat;
          entry.atMs = nowMs;
        }
        if (entry.command === undefined) learn(pid, entry);
        const { command = '', user, containerId } = entry;
        const group = groupIn(pid, entry, wanted);
        seen.push({ pid, stat, command, user, containerId, group, cpuPercent });
      }
      for (const pid of known.keys()) if (!there.has(pid)) known.delete(pid);
      if (seen.length <= limit) return seen;
      return seen.sort((a, b) => a.stat.startTicks - b.stat.startTicks).slice(0, limit);
    },
  };
}
