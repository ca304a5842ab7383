import { listFolder, readLink } from '../procfs/read.ts';

/** Open files looked at in one search; what lies beyond stays without an owner until the next. */
const filesPerSearch = 16_384;
/** Of one process, so that one that has very many does not hide all others; the next search goes on where this one ended. */
const filesPerProcess = 4_096;

/** Finds the processes that have sockets open. */
export interface OwnerFinder {
  /**
   * Calls `found` for the sockets, by inode, that are among the open files of `pids`; the lower id first where several have it.
   *
   * @returns whether all were found
   */
  find(
    pids: readonly number[],
    wanted: ReadonlySet<number>,
    found: (inode: number, pid: number) => void,
  ): boolean;
}

export function createOwnerFinder(procRoot: string): OwnerFinder {
  /** Where the search through the files of a process goes on that has too many for one. */
  const positions = new Map<number, number>();
  /** The process at which a search has stopped that had too many files. */
  let resumeAt = 0;

  const filesOf = (pid: number): string[] => {
    const names = listFolder(`${procRoot}/${pid}/fd`);
    if (names.length <= filesPerProcess) {
      positions.delete(pid);
      return names;
    }
    const from = positions.get(pid) ?? 0;
    const to = from + filesPerProcess;
    positions.set(pid, to >= names.length ? 0 : to);
    return names.slice(from, to);
  };

  return {
    find(pids, wanted, found) {
      const left = new Set(wanted);
      const first = Math.max(0, pids.indexOf(resumeAt));
      resumeAt = 0;
      let files = 0;
      for (const pid of [...pids.slice(first), ...pids.slice(0, first)]) {
        for (const name of filesOf(pid)) {
          if (left.size === 0) return true;
          if (++files > filesPerSearch) {
            resumeAt = pid;
            return false;
          }
          const link = readLink(`${procRoot}/${pid}/fd/${name}`);
          if (link?.startsWith('socket:[') !== true) continue;
          const inode = Number(link.slice(8, -1));
          // Forked processes share a socket; the parent has the lower id.
          if (left.delete(inode)) found(inode, pid);
        }
      }
      for (const pid of positions.keys()) if (!pids.includes(pid)) positions.delete(pid);
      return left.size === 0;
    },
  };
}

/** Processes of a network namespace, the lowest id first. */
export function pidsOf(procRoot: string, namespace: string): number[] {
  const pids: number[] = [];
  for (const name of listFolder(procRoot)) {
    const pid = Number(name);
    if (Number.isInteger(pid) && readLink(`${procRoot}/${pid}/ns/net`) === namespace) pids.push(pid);
  }
  return pids.sort((a, b) => a - b);
}
