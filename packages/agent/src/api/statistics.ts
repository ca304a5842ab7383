/** What containers use. */
import {
  ContainerStatusSchema,
  type ContainerStatusValid,
  makeMessage,
  ResourceStatisticsSchema,
  type ResourceStatisticsValid,
  type Resources,
} from '@orchestrator/mesos';
import type { ResourceUsage } from '../container/cgroup-usage.ts';
import type { AgentState, ExecutorRecord, FrameworkRecord } from '../core/records.ts';
import type { MeasuredDisk } from '../sandbox/disk-quota.ts';
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

const summed = [
  ...['cpuUserS', 'cpuSystemS', 'cpuPeriods', 'cpuThrottledPeriods', 'cpuThrottledS', 'cpusLimit'],
  ...['memTotalBytes', 'memRssBytes', 'processes'],
] as const;

function sumOf(usages: readonly ResourceUsage[]): ResourceUsage {
  const total: ResourceUsage = { cpuUserS: 0, cpuSystemS: 0 };
  for (const usage of usages) {
    for (const name of summed as readonly (keyof ResourceUsage)[]) {
      const value = usage[name];
      if (value !== undefined) total[name] = (total[name] ?? 0) + value;
    }
  }
  return total;
}

const sumBytes = (values: readonly number[]) => BigInt(values.reduce((total, value) => total + value, 0));

/** Each disk by itself, and the sandbox once more. */
function diskStatistics(disks: readonly MeasuredDisk[]) {
  const sandboxes = disks.filter(({ disk }) => disk === undefined);
  return {
    diskStatistics: disks.map(({ disk, quotaBytes, usedBytes }) => ({
      ...(disk?.persistence && { persistence: disk.persistence }),
      ...(disk?.source && { source: disk.source }),
      ...{ limitBytes: BigInt(quotaBytes), usedBytes: BigInt(usedBytes) },
    })),
    ...(sandboxes.length > 0 && {
      diskLimitBytes: sumBytes(sandboxes.map(({ quotaBytes }) => quotaBytes)),
      diskUsedBytes: sumBytes(sandboxes.map(({ usedBytes }) => usedBytes)),
    }),
  };
}

function statisticsOf(
  timestamp: number,
  usage: ResourceUsage,
  resources: Resources,
  disks: readonly MeasuredDisk[],
): ResourceStatisticsValid {
  const memBytes = BigInt(Math.round((resources.thousandths('mem') / 1000) * mebibyte));
  const bytes = (value: number | undefined) => BigInt(Math.round(value ?? 0));
  return makeMessage(ResourceStatisticsSchema, {
    timestamp,
    cpusUserTimeSecs: usage.cpuUserS,
    cpusSystemTimeSecs: usage.cpuSystemS,
    cpusSoftLimit: resources.thousandths('cpus') / 1000,
    ...(usage.cpusLimit !== undefined && { cpusLimit: usage.cpusLimit }),
    ...(usage.cpuPeriods !== undefined && { cpusNrPeriods: usage.cpuPeriods }),
    ...(usage.cpuThrottledPeriods !== undefined && { cpusNrThrottled: usage.cpuThrottledPeriods }),
    ...(usage.cpuThrottledS !== undefined && { cpusThrottledTimeSecs: usage.cpuThrottledS }),
    ...(usage.memTotalBytes !== undefined && { memTotalBytes: bytes(usage.memTotalBytes) }),
    ...(usage.memRssBytes !== undefined && { memRssBytes: bytes(usage.memRssBytes) }),
    ...{ memLimitBytes: memBytes, memSoftLimitBytes: memBytes },
    ...(usage.processes !== undefined && { processes: usage.processes }),
    ...diskStatistics(disks),
  });
}

/** Undefined when it does not run; it may end while its figures are read. */
async function usageOf({ containerizer }: ApiPlace, containerId: string): Promise<ResourceUsage | undefined> {
  if (containerizer.status(containerId) === undefined) return undefined;
  return await containerizer.usage(containerId).catch(() => undefined);
}

/** A group has no container of its own: what its tasks use together. */
async function factsOf(
  place: ApiPlace,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
): Promise<ContainerFacts | undefined> {
  const { containerizer, clock } = place;
  const { containerId, kind, tasks } = executor;
  const ids = kind === 'group' ? [...tasks.values()].map((task) => task.containerId) : [containerId];
  const usages = await Promise.all(ids.map((id) => usageOf(place, id)));
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length === 0) return undefined;
  const pid = containerizer.status(containerId)?.pid;
  const status = makeMessage(ContainerStatusSchema, {
    containerId: { value: containerId },
    ...(pid !== undefined && { executorPid: pid }),
  });
  const statistics = statisticsOf(
    clock.nowMs() / 1000,
    sumOf(known),
    usedBy(executor),
    ids.flatMap(place.diskOf),
  );
  return { framework, executor, containerId, status, statistics };
}

/** Of all executors that run. */
export async function containerFacts(place: ApiPlace, state: AgentState): Promise<ContainerFacts[]> {
  const wanted: Promise<ContainerFacts | undefined>[] = [];
  for (const framework of state.frameworks.values()) {
    for (const executor of framework.executors.values()) wanted.push(factsOf(place, framework, executor));
  }
  return (await Promise.all(wanted)).filter((facts) => facts !== undefined);
}

/** A container that is no executor's. */
export interface OtherContainer {
  containerId: string;
  status: ContainerStatusValid;
  statistics?: ResourceStatisticsValid;
}

/** Tasks of groups, and what was started inside containers. */
export async function nestedFacts(place: ApiPlace, state: AgentState): Promise<OtherContainer[]> {
  const found: OtherContainer[] = [];
  for (const { executors } of state.frameworks.values()) {
    for (const executor of executors.values()) {
      if (executor.kind === 'group') found.push(...(await groupFacts(place, executor)));
    }
  }
  for (const [key, { within }] of place.nested.running) {
    const value = key.split('.').at(-1) ?? key;
    const containerId = { value, parent: { value: within } };
    found.push({ containerId: value, status: makeMessage(ContainerStatusSchema, { containerId }) });
  }
  return found;
}

async function groupFacts(place: ApiPlace, executor: ExecutorRecord): Promise<OtherContainer[]> {
  const { containerizer, clock } = place;
  const facts = [...executor.tasks.values()].map(async (task): Promise<OtherContainer | undefined> => {
    const { containerId } = task;
    const usage = await usageOf(place, containerId);
    if (usage === undefined) return undefined;
    const used = usedBy({ ...executor, kind: 'command', tasks: new Map([['', task]]) });
    const parent = { value: executor.containerId };
    const executorPid = containerizer.status(containerId)?.pid ?? 0;
    const status = { containerId: { value: containerId, parent }, executorPid };
    return {
      containerId,
      status: makeMessage(ContainerStatusSchema, status),
      statistics: statisticsOf(clock.nowMs() / 1000, usage, used, place.diskOf(containerId)),
    };
  });
  return (await Promise.all(facts)).filter((one) => one !== undefined);
}

/** Those that operators started beside all tasks. */
export function standaloneFacts({ containerizer, standalone }: ApiPlace): OtherContainer[] {
  const ids = containerizer.containers().filter((id) => standalone.has(id) && containerizer.status(id));
  return ids.map((value) => {
    const executorPid = containerizer.status(value)?.pid ?? 0;
    const status = makeMessage(ContainerStatusSchema, { containerId: { value }, executorPid });
    return { containerId: value, status };
  });
}
