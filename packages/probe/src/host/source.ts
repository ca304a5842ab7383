import { statfsSync } from 'node:fs';
import { networkInterfaces, release, version } from 'node:os';
import { createRates } from '../procfs/rate.ts';
import { readKernelFile, readKernelText } from '../procfs/read.ts';
import type { Source, SourceContext } from '../source.ts';
import { hostNodeId } from './facts.ts';
import {
  type CpuTimes,
  cpuPercent,
  parseCpuTimes,
  parseDisks,
  parseInterfaces,
  parseLoad,
  parseMemory,
  parseOsName,
  sumTraffic,
  type Traffic,
} from './parse.ts';
import { hostTemplates } from './templates.ts';

const metricsEveryMs = 3_000;
const factsEveryMs = 60_000;
const share = 0.005;

/** The host itself: what it is, its load, processors, memory, disks and interfaces. */
export function hostSource(): Source {
  return {
    name: 'host',
    start(context) {
      const { board, scheduler } = context;
      board.templates('host', hostTemplates);
      const describe = () => board.see('host', hostNodeId(context.host), hostSighting(context));
      describe();
      const readMetrics = createReader(context);
      const jobs = [
        scheduler.add({ name: 'host facts', everyMs: factsEveryMs, share, run: describe }),
        scheduler.add({ name: 'host metrics', everyMs: metricsEveryMs, share, run: readMetrics }),
      ];
      return () => {
        for (const job of jobs) job.remove();
      };
    },
  };
}

function hostSighting({ host }: SourceContext) {
  const { procRoot } = host;
  const times = parseCpuTimes(readKernelFile(`${procRoot}/stat`) ?? '');
  const osRelease =
    readKernelText(`${procRoot}/1/root/etc/os-release`) ?? readKernelText('/etc/os-release') ?? '';
  const networks = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map((address) => address.cidr).filter((cidr) => cidr !== null),
  );
  return {
    latest: {
      host_name: host.hostName,
      host_node_id: hostNodeId(host),
      os: parseOsName(osRelease),
      kernel_version: `${release()} ${version()}`,
      host_started: new Date(times.bootTimeS * 1000).toISOString(),
      host_cores: String(times.cores),
    },
    sets: {
      local_networks: networks,
      host_interfaces: parseInterfaces(readKernelFile(`${procRoot}/net/dev`) ?? '').keys(),
      host_disks: parseDisks(readKernelFile(`${procRoot}/diskstats`) ?? '').keys(),
    },
  };
}

function usedPercent(folder: string): number | undefined {
  try {
    const { blocks, bavail } = statfsSync(folder);
    return blocks === 0 ? undefined : Math.round((1 - bavail / blocks) * 1000) / 10;
  } catch {
    return undefined; // not our privilege
  }
}

/** Used space of the root file system in per cent: of the first process's root, else of ours where that is the host's. */
const diskUsedPercent = (procRoot: string): number | undefined =>
  usedPercent(`${procRoot}/1/root`) ?? (procRoot === '/proc' ? usedPercent('/') : undefined);

function createReader({ board, clock, host }: SourceContext): () => void {
  const { procRoot } = host;
  const rates = createRates(16);
  let lastCpu: CpuTimes | undefined;

  const rate = (key: string, total: number) => {
    const perS = rates.perS(key, total, clock.monotonicMs());
    return perS === undefined ? undefined : { value: Math.round(perS), min: 0 };
  };

  const traffic = (what: string, names: [string, string], { inBytes, outBytes }: Traffic) => ({
    [`host_${what}_${names[0]}_bytes_per_s`]: rate(`${what} in`, inBytes),
    [`host_${what}_${names[1]}_bytes_per_s`]: rate(`${what} out`, outBytes),
  });

  return () => {
    const read = (name: string) => readKernelFile(`${procRoot}/${name}`) ?? '';
    const cpu = parseCpuTimes(read('stat'));
    const memory = parseMemory(read('meminfo'));
    const [load1, load5, load15] = parseLoad(read('loadavg'));
    const used = diskUsedPercent(procRoot);
    board.read('host', hostNodeId(host), {
      host_cpu_usage_percent:
        lastCpu === undefined ? undefined : { value: cpuPercent(lastCpu, cpu), min: 0, max: 100 },
      host_mem_usage_bytes: { value: memory.usedBytes, min: 0, max: memory.totalBytes },
      load1: { value: load1, min: 0 },
      load5: { value: load5, min: 0 },
      load15: { value: load15, min: 0 },
      host_disk_used_percent: used === undefined ? undefined : { value: used, min: 0, max: 100 },
      ...traffic('network', ['in', 'out'], sumTraffic(parseInterfaces(read('net/dev')).values())),
      ...traffic('disk', ['read', 'write'], sumTraffic(parseDisks(read('diskstats')).values())),
    });
    lastCpu = cpu;
  };
}
