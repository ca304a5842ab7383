import { listFolder, readLink } from '../procfs/read.ts';

/** Open files looked at in one search; what lies beyond stays without an owner until the next. */
const filesPerSearch = 20_000;

/** Sockets' inodes to the processes that have them open, by a search through the open files of `pids`. */
export function findOwners(
  procRoot: string,
  pids: readonly number[],
  wanted: ReadonlySet<number>,
): Map<number, number> {
  const owners = new Map<number, number>();
  let files = 0;
  for (const pid of pids) {
    for (const name of listFolder(`${procRoot}/${pid}/fd`)) {
      if (owners.size === wanted.size || ++files > filesPerSearch) return owners;
      const inode = Number(/^socket:\[(\d+)\]$/.exec(readLink(`${procRoot}/${pid}/fd/${name}`) ?? '')?.[1]);
      // Forked processes share a socket; the parent has the lower id.
      if (wanted.has(inode) && !owners.has(inode)) owners.set(inode, pid);
    }
  }
  return owners;
}

/** Processes of a network namespace. */
export function pidsOf(procRoot: string, namespace: string): number[] {
  const pids: number[] = [];
  for (const name of listFolder(procRoot)) {
    const pid = Number(name);
    if (Number.isInteger(pid) && readLink(`${procRoot}/${pid}/ns/net`) === namespace) pids.push(pid);
  }
  return pids;
}
