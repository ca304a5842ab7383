import type { Reading } from '@orchestrator/report';
import type { Clock } from '@orchestrator/runtime/clock';
import { type GroupMounts, parseGroupMounts, parseGroupPaths } from '../cgroup/parse.ts';
import { type UsageReader, usageReader } from '../cgroup/usage.ts';
import type { HostFacts } from '../host/facts.ts';
import { parseInterfaces, sumTraffic } from '../host/parse.ts';
import { createRates } from '../procfs/rate.ts';
import { readKernelFile, readShortLines } from '../procfs/read.ts';
import type { Container } from './inspect.ts';

interface Followed {
  readonly pid: number;
  readonly usage: UsageReader;
  /** Its own network; a container in the host's has no traffic of its own. */
  readonly hasNetwork: boolean;
}

/**
 * Usage of containers from the kernel's own accounts. The engine's stats are not asked: a stream of them for each container
 * costs the engine more than all the rest of a probe.
 */
export function createContainerMeter({ host, clock }: { host: HostFacts; clock: Clock }) {
  const rates = createRates();
  const followed = new Map<string, Followed>();
  let mounts: GroupMounts | undefined;

  const rate = (key: string, total: number | undefined): Reading | undefined => {
    const perS = total === undefined ? undefined : rates.perS(key, total, clock.monotonicMs());
    return perS === undefined ? undefined : { value: Math.round(perS), min: 0 };
  };

  const traffic = (pid: number) => {
    const text = readShortLines(`${host.procRoot}/${pid}/net/dev`);
    return text === undefined ? undefined : sumTraffic(parseInterfaces(text).values());
  };

  const cpu = (id: string, cpuMs: number | undefined): Reading | undefined => {
    const msPerS = cpuMs === undefined ? undefined : rates.perS(`${id} cpu`, cpuMs, clock.monotonicMs());
    // Per cent of one core, to a hundredth.
    return msPerS === undefined ? undefined : { value: Math.round(msPerS * 10) / 100, min: 0 };
  };

  const unfollow = (id: string) => {
    followed.get(id)?.usage.close();
    followed.delete(id);
  };

  return {
    /** From now on `readings` knows the container, if it runs. */
    follow(container: Container): void {
      const known = followed.get(container.id);
      if (known?.pid === container.pid) return;
      unfollow(container.id);
      if (container.pid === 0) return;
      mounts ??= parseGroupMounts(readKernelFile(`${host.procRoot}/self/mountinfo`) ?? '');
      const paths = parseGroupPaths(readKernelFile(`${host.procRoot}/${container.pid}/cgroup`) ?? '');
      followed.set(container.id, {
        pid: container.pid,
        usage: usageReader(mounts, paths, host.procRoot),
        hasNetwork: container.networkMode !== 'host',
      });
    },
    forget(id: string): void {
      unfollow(id);
      for (const what of ['cpu', 'read', 'write', 'in', 'out']) rates.forget(`${id} ${what}`);
    },
    stop(): void {
      for (const id of [...followed.keys()]) unfollow(id);
    },
    ids: (): Iterable<string> => followed.keys(),
    readings(id: string): Record<string, Reading | undefined> {
      const container = followed.get(id);
      if (container === undefined) return {};
      const usage = container.usage.read();
      const network = container.hasNetwork ? traffic(container.pid) : undefined;
      return {
        docker_cpu_total_usage: cpu(id, usage.cpuMs),
        docker_memory_usage:
          usage.memoryBytes === undefined
            ? undefined
            : { value: usage.memoryBytes, min: 0, max: usage.memoryLimitBytes },
        docker_block_read_bytes_per_s: rate(`${id} read`, usage.readBytes),
        docker_block_write_bytes_per_s: rate(`${id} write`, usage.writeBytes),
        docker_network_in_bytes_per_s: rate(`${id} in`, network?.inBytes),
        docker_network_out_bytes_per_s: rate(`${id} out`, network?.outBytes),
      };
    },
  };
}
