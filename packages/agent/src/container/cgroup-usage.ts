/**
 * What the cgroups of a container have used, read from the kernel: of version 1, version 2 and both side by side, and
 * the same whether Docker or runc made them. No process and no engine is asked.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** As far as the kernel tells; what it does not is left out. */
export interface ResourceUsage {
  cpuUserS: number;
  cpuSystemS: number;
  /** Quota of the CPU in processors. */
  cpusLimit?: number;
  cpuPeriods?: number;
  cpuThrottledPeriods?: number;
  cpuThrottledS?: number;
  /** With the page cache. */
  memTotalBytes?: number;
  memRssBytes?: number;
  memLimitBytes?: number;
  processes?: number;
}

/** Absolute folders, by controller; the same folder for all with version 2. */
export type CgroupPaths = ReadonlyMap<string, string>;

const controllers = ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'] as const;

/**
 * Where the hierarchies are, by controller; version 2 has no name.
 *
 * @param mounts text of `/proc/self/mountinfo`
 */
export function hierarchiesOf(mounts: string): Map<string, string> {
  const mountPoints = new Map<string, string>();
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (root !== '/') continue;
    if (type === 'cgroup2') mountPoints.set('', mountPoint);
    if (type === 'cgroup') for (const option of options.split(',')) mountPoints.set(option, mountPoint);
  }
  return mountPoints;
}

/**
 * Where the cgroups of a process are.
 *
 * @param memberships text of `/proc/PID/cgroup`: `4:cpu,cpuacct:/path`, with version 2 `0::/path`
 * @param mounts text of `/proc/self/mountinfo`
 */
export function cgroupPaths(memberships: string, mounts: string): CgroupPaths {
  const mountPoints = hierarchiesOf(mounts);
  const paths = new Map<string, string>();
  for (const line of memberships.split('\n')) {
    const [, names = '', ...rest] = line.split(':');
    const path = rest.join(':');
    if (path === '') continue;
    for (const name of names.split(',')) {
      const mountPoint = mountPoints.get(name);
      if (mountPoint !== undefined) paths.set(name, join(mountPoint, path));
    }
  }
  return chooseHierarchies(paths);
}

/**
 * @param paths by controller; version 2 is the one without a name. Side by side it has no controllers; it has all of them
 * when version 1 has none.
 */
export function chooseHierarchies(paths: CgroupPaths): CgroupPaths {
  const unified = paths.get('');
  if (unified === undefined || controllers.some((name) => paths.has(name))) return paths;
  return new Map(controllers.map((name) => [name, unified]));
}

/** @throws when the process is gone */
export async function readCgroupPaths(pid: number): Promise<CgroupPaths> {
  const [memberships, mounts] = await Promise.all([
    readFile(`/proc/${pid}/cgroup`, 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  return cgroupPaths(memberships, mounts);
}

async function read(paths: CgroupPaths, controller: string, file: string): Promise<string | undefined> {
  const folder = paths.get(controller);
  if (folder === undefined) return undefined;
  // Files come and go with kernels, versions and the container itself.
  return await readFile(join(folder, file), 'utf8').catch(() => undefined);
}

/** Lines of a key and a number, such as `usage_usec 1234`. */
function parsePairs(text: string | undefined): Map<string, number> {
  const pairs = new Map<string, number>();
  for (const line of (text ?? '').split('\n')) {
    const [key = '', value] = line.split(' ');
    if (value !== undefined) pairs.set(key, Number(value));
  }
  return pairs;
}

/** Undefined for `max`, and for the number so large that it means the same. */
function parseLimit(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) && value > 0 && value < 2 ** 60 ? value : undefined;
}

const defined = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

const nanosecondsPerS = 1e9;
const microsecondsPerS = 1e6;
/** Of `cpuacct.stat`, on every architecture that Node.js runs on. */
const ticksPerS = 100;

async function cpuOf(paths: CgroupPaths): Promise<ResourceUsage> {
  const stat = parsePairs(await read(paths, 'cpu', 'cpu.stat'));
  const user = stat.get('user_usec');
  const periods = { cpuPeriods: stat.get('nr_periods'), cpuThrottledPeriods: stat.get('nr_throttled') };
  if (user !== undefined) {
    const [quota, period] = ((await read(paths, 'cpu', 'cpu.max')) ?? '').trim().split(' ');
    const cpusLimit = Number(quota) / Number(period);
    return defined({
      cpuUserS: user / microsecondsPerS,
      cpuSystemS: (stat.get('system_usec') ?? 0) / microsecondsPerS,
      cpusLimit: Number.isFinite(cpusLimit) ? cpusLimit : undefined,
      ...periods,
      cpuThrottledS: (stat.get('throttled_usec') ?? 0) / microsecondsPerS,
    }) as ResourceUsage;
  }
  const ticks = parsePairs(await read(paths, 'cpuacct', 'cpuacct.stat'));
  const quota = Number(await read(paths, 'cpu', 'cpu.cfs_quota_us'));
  const period = Number(await read(paths, 'cpu', 'cpu.cfs_period_us'));
  return defined({
    cpuUserS: (ticks.get('user') ?? 0) / ticksPerS,
    cpuSystemS: (ticks.get('system') ?? 0) / ticksPerS,
    cpusLimit: quota > 0 && period > 0 ? quota / period : undefined,
    ...periods,
    cpuThrottledS: (stat.get('throttled_time') ?? 0) / nanosecondsPerS,
  }) as ResourceUsage;
}

async function memoryOf(paths: CgroupPaths): Promise<Partial<ResourceUsage>> {
  const stat = parsePairs(await read(paths, 'memory', 'memory.stat'));
  const total =
    (await read(paths, 'memory', 'memory.current')) ?? (await read(paths, 'memory', 'memory.usage_in_bytes'));
  const limit =
    (await read(paths, 'memory', 'memory.max')) ?? (await read(paths, 'memory', 'memory.limit_in_bytes'));
  return defined({
    memTotalBytes: total === undefined ? undefined : Number(total),
    memRssBytes: stat.get('anon') ?? stat.get('total_rss'),
    memLimitBytes: parseLimit(limit),
  });
}

export async function readUsage(paths: CgroupPaths): Promise<ResourceUsage> {
  const [cpu, memory, pids] = await Promise.all([
    cpuOf(paths),
    memoryOf(paths),
    read(paths, 'pids', 'pids.current'),
  ]);
  return { ...cpu, ...memory, ...(pids !== undefined && { processes: Number(pids) }) };
}

/** How many processes the kernel has ended there for want of memory; 0 when the cgroup is gone. */
export async function readOomKills(paths: CgroupPaths): Promise<number> {
  const events =
    (await read(paths, 'memory', 'memory.events')) ?? (await read(paths, 'memory', 'memory.oom_control'));
  return parsePairs(events).get('oom_kill') ?? 0;
}
