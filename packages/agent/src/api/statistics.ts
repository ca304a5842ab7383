/** What containers use. */
import {
  ContainerStatusSchema,
  type ContainerStatusValid,
  makeMessage,
  ResourceStatisticsSchema,
  type ResourceStatisticsValid,
} from '@orchestrator/mesos';
import type { AgentState, ExecutorRecord, FrameworkRecord } from '../core/records.ts';
import type { ApiPlace } from './place.ts';
import { usedBy } from './views.ts';

export interface ContainerFacts {
  framework: FrameworkRecord;
  executor: ExecutorRecord;
  containerId: string;
  status: ContainerStatusValid;
  statistics: ResourceStatisticsValid;
}

const mebibyte = 1024 * 1024;

async function factsOf(
  { containerizer, clock }: ApiPlace,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  containerId: string,
): Promise<ContainerFacts | undefined> {
  const running = containerizer.status(containerId);
  // It may end while its figures are read.
  const usage = running && (await containerizer.usage(containerId).catch(() => undefined));
  if (running === undefined || usage === undefined) return undefined;
  const resources = usedBy(executor);
  const memBytes = BigInt(Math.round((resources.thousandths('mem') / 1000) * mebibyte));
  const bytes = (value: number | undefined) => BigInt(Math.round(value ?? 0));
  const statistics = makeMessage(ResourceStatisticsSchema, {
    timestamp: clock.nowMs() / 1000,
    cpusUserTimeSecs: usage.cpuUserS,
    cpusSystemTimeSecs: usage.cpuSystemS,
    cpusSoftLimit: resources.thousandths('cpus') / 1000,
    ...(usage.cpusLimit !== undefined && { cpusLimit: usage.cpusLimit }),
    ...(usage.memTotalBytes !== undefined && { memTotalBytes: bytes(usage.memTotalBytes) }),
    ...(usage.memRssBytes !== undefined && { memRssBytes: bytes(usage.memRssBytes) }),
    ...{ memLimitBytes: memBytes, memSoftLimitBytes: memBytes },
    ...(usage.processes !== undefined && { processes: usage.processes }),
  });
  const status = makeMessage(ContainerStatusSchema, {
    containerId: { value: containerId },
    executorPid: running.pid,
  });
  return { framework, executor, containerId, status, statistics };
}

/** Of all that run. */
export async function containerFacts(place: ApiPlace, state: AgentState): Promise<ContainerFacts[]> {
  const wanted: Promise<ContainerFacts | undefined>[] = [];
  for (const framework of state.frameworks.values()) {
    for (const executor of framework.executors.values()) {
      const ids = new Set([
        executor.containerId,
        ...[...executor.tasks.values()].map((one) => one.containerId),
      ]);
      for (const containerId of ids) wanted.push(factsOf(place, framework, executor, containerId));
    }
  }
  return (await Promise.all(wanted)).filter((facts) => facts !== undefined);
}
