import type { Sighting, Template } from '@orchestrator/report';
import { containerNodeId, type HostFacts, hostNodeId, processNodeId } from '../host/facts.ts';
import { listFolder } from '../procfs/read.ts';
import type { Source } from '../source.ts';
import type { FoundGroup, GroupParents } from './groups.ts';
import { createProcessTable, type SeenProcess } from './table.ts';

export interface ProcessSourceOptions {
  /** Default 5000. */
  readonly everyMs?: number;
  /** Processes that live shorter are not shown. Default 3000. */
  readonly minAgeMs?: number;
  /** Processes shown at most: the longest-lived. Default 5000. */
  readonly limit?: number;
  /** Show the values of secret options on command lines. Default false. */
  readonly showSecrets?: boolean;
}

const share = 0.01;
const openFilesEveryMs = 15_000;
const openFilesShare = 0.002;

const templates: readonly Template[] = [
  { kind: 'topology', id: 'topology', shape: 'square', label: 'process', labelPlural: 'processes' },
  metadata('pid', 'PID', 1),
  metadata('cmdline', 'Command', 2),
  metadata('ppid', 'Parent PID', 3),
  metadata('threads', '# Threads', 4),
  metadata('user', 'User', 5),
  metric('process_cpu_usage_percent', 'CPU', 1, 'percent'),
  metric('process_memory_usage_bytes', 'Memory', 2, 'filesize'),
  metric('open_files_count', 'Open files', 3, 'integer'),
];

function metadata(id: string, label: string, priority: number): Template {
  const dataType = id === 'cmdline' || id === 'user' ? '' : 'number';
  return { kind: 'metadata', id, label, priority, from: 'latest', dataType, truncate: 0 };
}

function metric(
  id: string,
  label: string,
  priority: number,
  format: 'percent' | 'filesize' | 'integer',
): Template {
  return { kind: 'metric', id, label, priority, format, group: '' };
}

function sightingOf(
  host: HostFacts,
  { pid, stat, command, user, containerId }: SeenProcess,
  groupParents: GroupParents | undefined,
): Sighting {
  return {
    latest: {
      pid: String(pid),
      ppid: String(stat.parentPid),
      name: command.split(' ', 1)[0] || stat.name,
      cmdline: command,
      threads: String(stat.threads),
      user: user === '' ? undefined : user,
      docker_container_id: containerId,
    },
    parents: {
      host: [hostNodeId(host)],
      ...(containerId === undefined ? {} : { container: [containerNodeId(containerId)] }),
      ...groupParents,
    },
  };
}

function groupsIn(seen: readonly SeenProcess[]): Map<string, FoundGroup> {
  const groups = new Map<string, FoundGroup>();
  for (const { pid, group } of seen) {
    if (group === undefined) continue;
    const lowest = Math.min(pid, groups.get(group.name)?.pid ?? pid);
    groups.set(group.name, { pid: lowest, isContained: group.isContained });
  }
  return groups;
}

/** The processes of the host and of its containers: tree, user, command, processor, memory, open files. */
export function processSource(options: ProcessSourceOptions = {}): Source {
  return {
    name: 'process',
    start({ board, clock, host, processGroups, scheduler }) {
      const { everyMs = 5_000, minAgeMs = 3_000, limit = 5_000, showSecrets = false } = options;
      const table = createProcessTable({ host, minAgeMs, limit, showSecrets });
      let pids: number[] = [];
      board.templates('process', templates);

      const look = () => {
        const { wanted } = processGroups;
        const seen = table.look(clock.monotonicMs(), wanted);
        processGroups.tell(groupsIn(seen));
        const ids = new Set(seen.map(({ pid }) => processNodeId(host, pid)));
        board.keepOnly('process', (id) => ids.has(id));
        for (const one of seen) {
          const id = processNodeId(host, one.pid);
          board.see('process', id, sightingOf(host, one, wanted.get(one.group?.name ?? '')));
          board.read('process', id, {
            process_cpu_usage_percent:
              one.cpuPercent === undefined ? undefined : { value: one.cpuPercent, min: 0 },
            process_memory_usage_bytes: { value: one.stat.residentPages * host.pageBytes, min: 0 },
          });
        }
        pids = seen.map(({ pid }) => pid);
      };

      const countOpenFiles = () => {
        for (const pid of pids) {
          const value = listFolder(`${host.procRoot}/${pid}/fd`).length;
          board.read('process', processNodeId(host, pid), { open_files_count: { value, min: 0 } });
        }
      };

      const jobs = [
        scheduler.add({ name: 'processes', everyMs, share, run: look }),
        scheduler.add({
          name: 'open files',
          everyMs: openFilesEveryMs,
          share: openFilesShare,
          run: countOpenFiles,
        }),
      ];
      return () => {
        for (const job of jobs) job.remove();
      };
    },
  };
}
