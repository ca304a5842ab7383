/** Control groups of version 1 (a tree per controller), version 2 (one tree) and both at once. */

/** Paths below the mounts, as in `/proc/<pid>/cgroup`: by controller, and under the empty name that of version 2. */
export type GroupPaths = ReadonlyMap<string, string>;

/** `hierarchy:controllers:path` lines of `/proc/<pid>/cgroup`. */
export function parseGroupPaths(text: string): GroupPaths {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

const longId = /[0-9a-f]{64}/g;

/** The container that a process is in, whatever engine made it: the last 64 hexadecimal digits in its path. */
export function containerIdOf(text: string): string | undefined {
  return text.match(longId)?.at(-1);
}

/** Where the trees are mounted: by controller, and under the empty name that of version 2. */
export type GroupMounts = ReadonlyMap<string, string>;

/** `/proc/self/mountinfo` */
export function parseGroupMounts(text: string): GroupMounts {
  const mounts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const mountPoint = left.split(' ')[4];
    const [type, , options = ''] = right.split(' ');
    if (mountPoint === undefined) continue;
    if (type === 'cgroup2') mounts.set('', mountPoint);
    if (type === 'cgroup') for (const option of options.split(',')) mounts.set(option, mountPoint);
  }
  return mounts;
}

/** The sum of `Read` and `Write` lines of blkio.throttle.io_service_bytes (version 1). */
export function parseBlockIoV1(text: string): { readBytes: number; writeBytes: number } {
  let [readBytes, writeBytes] = [0, 0];
  for (const match of text.matchAll(/^\d+:\d+ (Read|Write) (\d+)$/gm)) {
    if (match[1] === 'Read') readBytes += Number(match[2]);
    else writeBytes += Number(match[2]);
  }
  return { readBytes, writeBytes };
}

/** `rbytes=` and `wbytes=` of io.stat (version 2), all devices together. */
export function parseBlockIoV2(text: string): { readBytes: number; writeBytes: number } {
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`${name}=(\\d+)`, 'g'))].reduce((all, match) => all + Number(match[1]), 0);
  return { readBytes: sum('rbytes'), writeBytes: sum('wbytes') };
}

/** One `name value` line; 0 if it is not there. */
export function statLine(text: string, name: string): number {
  const at = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  return at === 0 && !text.startsWith(`${name} `) ? 0 : Number.parseInt(text.slice(at + name.length + 1), 10);
}

/** A limit beyond what machines have, or `max`, is none. */
export function parseLimit(text: string): number {
  const limit = Number.parseInt(text, 10);
  return Number.isNaN(limit) || limit > 2 ** 50 ? Number.NaN : limit;
}
