import { readKernelFile } from '../procfs/read.ts';
import {
  type GroupMounts,
  type GroupPaths,
  parseBlockIoV1,
  parseBlockIoV2,
  parseLimit,
  statLine,
} from './parse.ts';

/** What the processes of a control group have used so far. Undefined where its controller is off. */
export interface GroupUsage {
  readonly cpuMs: number | undefined;
  /** Without what the kernel could take back: files it has read and not used since. */
  readonly memoryBytes: number | undefined;
  /** NaN if there is none. */
  readonly memoryLimitBytes: number;
  readonly readBytes: number;
  readonly writeBytes: number;
}

/** Reads one group again and again; where its files are is found out once. */
export type UsageReader = () => GroupUsage;

/** A reader for the group of a container, from its first process' paths. */
export function usageReader(mounts: GroupMounts, paths: GroupPaths, procRoot: string): UsageReader {
  const folder = (controller: string): string | undefined => {
    const [mount, path] = [mounts.get(controller), paths.get(controller)];
    return mount === undefined || path === undefined ? undefined : onHost(`${mount}${path}`, procRoot);
  };
  // With both versions mounted, the controllers are where version 1 has them.
  const memory = folder('memory');
  const cpu = folder('cpuacct');
  const unified = folder('');
  if (memory === undefined && cpu === undefined && unified !== undefined) return () => readV2(unified);
  return () => readV1(cpu, memory, folder('blkio'));
}

/** A probe in a container sees the host's mounts below the host's first process. */
function onHost(path: string, procRoot: string): string {
  return procRoot === '/proc' ? path : `${procRoot}/1/root${path}`;
}

function readNumber(path: string): number | undefined {
  const text = readKernelFile(path);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

function readV1(cpu: string | undefined, memory: string | undefined, block: string | undefined): GroupUsage {
  const cpuNs = cpu === undefined ? undefined : readNumber(`${cpu}/cpuacct.usage`);
  const used = memory === undefined ? undefined : readNumber(`${memory}/memory.usage_in_bytes`);
  const stat = memory === undefined ? '' : (readKernelFile(`${memory}/memory.stat`) ?? '');
  const io = block === undefined ? '' : (readKernelFile(`${block}/blkio.throttle.io_service_bytes`) ?? '');
  const limit = statLine(stat, 'hierarchical_memory_limit');
  return {
    cpuMs: cpuNs === undefined ? undefined : cpuNs / 1e6,
    memoryBytes: used === undefined ? undefined : Math.max(0, used - statLine(stat, 'total_inactive_file')),
    memoryLimitBytes: limit === 0 ? Number.NaN : parseLimit(String(limit)),
    ...parseBlockIoV1(io),
  };
}

function readV2(folder: string): GroupUsage {
  const cpu = readKernelFile(`${folder}/cpu.stat`);
  const used = readNumber(`${folder}/memory.current`);
  const stat = readKernelFile(`${folder}/memory.stat`) ?? '';
  return {
    cpuMs: cpu === undefined ? undefined : statLine(cpu, 'usage_usec') / 1000,
    memoryBytes: used === undefined ? undefined : Math.max(0, used - statLine(stat, 'inactive_file')),
    memoryLimitBytes: parseLimit(readKernelFile(`${folder}/memory.max`) ?? ''),
    ...parseBlockIoV2(readKernelFile(`${folder}/io.stat`) ?? ''),
  };
}
