import { type KernelFile, kernelFile } from '../procfs/read.ts';
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

/** Reads one group again and again; where its files are is found out once, and they are kept open. */
export interface UsageReader {
  read(): GroupUsage;
  close(): void;
}

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
  if (memory === undefined && cpu === undefined && unified !== undefined) return readerV2(unified);
  return readerV1(cpu, memory, folder('blkio'));
}

/** A probe in a container sees the host's mounts below the host's first process. */
function onHost(path: string, procRoot: string): string {
  return procRoot === '/proc' ? path : `${procRoot}/1/root${path}`;
}

const numberIn = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number.parseInt(text, 10);

function createFiles() {
  const all: KernelFile[] = [];
  return {
    /** Without a folder, a file that is never there. */
    open(folder: string | undefined, name: string): () => string | undefined {
      if (folder === undefined) return () => undefined;
      const file = kernelFile(`${folder}/${name}`);
      all.push(file);
      return file.read;
    },
    close() {
      for (const file of all) file.close();
    },
  };
}

function readerV1(
  cpuFolder: string | undefined,
  memoryFolder: string | undefined,
  blockFolder: string | undefined,
): UsageReader {
  const files = createFiles();
  const cpu = files.open(cpuFolder, 'cpuacct.usage');
  const memory = files.open(memoryFolder, 'memory.usage_in_bytes');
  const memoryStat = files.open(memoryFolder, 'memory.stat');
  const block = files.open(blockFolder, 'blkio.throttle.io_service_bytes');
  return {
    read() {
      const [cpuNs, used, stat] = [numberIn(cpu()), numberIn(memory()), memoryStat() ?? ''];
      const limit = statLine(stat, 'hierarchical_memory_limit');
      return {
        cpuMs: cpuNs === undefined ? undefined : cpuNs / 1e6,
        memoryBytes:
          used === undefined ? undefined : Math.max(0, used - statLine(stat, 'total_inactive_file')),
        memoryLimitBytes: limit === 0 ? Number.NaN : parseLimit(String(limit)),
        ...parseBlockIoV1(block() ?? ''),
      };
    },
    close: files.close,
  };
}

function readerV2(folder: string): UsageReader {
  const files = createFiles();
  const cpu = files.open(folder, 'cpu.stat');
  const memory = files.open(folder, 'memory.current');
  const memoryStat = files.open(folder, 'memory.stat');
  const limit = files.open(folder, 'memory.max');
  const block = files.open(folder, 'io.stat');
  return {
    read() {
      const [usage, used] = [cpu(), numberIn(memory())];
      return {
        cpuMs: usage === undefined ? undefined : statLine(usage, 'usage_usec') / 1000,
        memoryBytes:
          used === undefined ? undefined : Math.max(0, used - statLine(memoryStat() ?? '', 'inactive_file')),
        memoryLimitBytes: parseLimit(limit() ?? ''),
        ...parseBlockIoV2(block() ?? ''),
      };
    },
    close: files.close,
  };
}
