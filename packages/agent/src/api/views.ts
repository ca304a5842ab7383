/** The agent, its frameworks and tasks as the endpoints from before v1 show them. */
import {
  ContainerInfoSchema,
  ContainerStatusSchema,
  DiscoveryInfoSchema,
  DrainConfigSchema,
  double,
  ExecutorInfo_Type,
  type encodeMessage,
  HealthCheckSchema,
  type Json,
  LabelsSchema,
  nameOfEnum,
  RawJson,
  ResourceSchema,
  Resources,
  TaskState,
  type TaskStatusValid,
  type TaskValid,
  Value_Type,
  writeJson,
} from '@orchestrator/mesos';
import type { AgentState, ExecutorRecord, FrameworkRecord } from '../core/records.ts';
import { agentCapabilityNames } from '../core/registration.ts';
import { totalResources } from '../core/resources.ts';
import { sandboxFolder } from '../sandbox/layout.ts';
import type { ApiPlace } from './place.ts';

type Schema = Parameters<typeof encodeMessage>[0];

const v0 = (schema: Schema, message: Parameters<typeof writeJson>[1]) =>
  new RawJson(writeJson(schema, message, { names: 'v0' }));

const stateName = (state: TaskState) => nameOfEnum(TaskState, state);

/** Scalars as numbers, ranges and sets as text; the four that everybody looks for are always there. */
export function resourcesJson(resources: Resources): Record<string, Json> {
  const json: Record<string, Json> = {};
  const names = new Set(['disk', 'mem', 'gpus', 'cpus', ...[...resources].map(({ kind }) => kind.name)]);
  for (const name of names) {
    const part = resources
      .filter((kind) => kind.name === name)
      .allocatedTo(undefined)
      .toUnreserved();
    const isScalar = [...part].every(({ kind }) => kind.type === 'scalar');
    json[name] = isScalar ? double(part.thousandths(name) / 1000) : String(part).slice(name.length + 1);
  }
  return json;
}

const resourcesFull = (resources: Resources): Json =>
  resources.toMessages('both').map((message) => v0(ResourceSchema, message));

function byRole(resources: Resources, show: (part: Resources) => Json): Json {
  const roles = new Set<string>();
  for (const { kind } of resources) {
    const role = kind.reservations.at(-1)?.role;
    if (role !== undefined) roles.add(role);
  }
  const parts = [...roles].map((role) => [
    role,
    show(resources.filter((kind) => kind.reservations.at(-1)?.role === role)),
  ]);
  return Object.fromEntries(parts);
}

const unreserved = (resources: Resources) => resources.filter((kind) => kind.reservations.length === 0);

function attributesJson({ attributes }: AgentState['info']): Json {
  const json: Record<string, Json> = {};
  for (const { name, type, scalar, text } of attributes) {
    json[name] = type === Value_Type.SCALAR ? double(scalar?.value ?? 0) : (text?.value ?? '');
  }
  return json;
}

/** Of an executor and its tasks that have not ended. */
export function usedBy({ kind, info, tasks }: ExecutorRecord): Resources {
  const live = [...tasks.values()].filter(({ phase }) => phase !== 'ended');
  const parts = live.map(({ task }) => Resources.from(task.resources));
  return Resources.sum(kind === 'command' ? parts : [Resources.from(info.resources), ...parts]);
}

export const executorsOf = (state: AgentState) =>
  [...state.frameworks.values()].flatMap(({ executors }) => [...executors.values()]);

function labelsJson(labels: TaskValid['labels']): Json | undefined {
  return labels === undefined
    ? undefined
    : new RawJson(writeJson(LabelsSchema, labels, { names: 'v0' }).slice('{"labels":'.length, -1) || '[]');
}

function statusJson(status: TaskStatusValid): Json {
  const { state, timestamp, labels, containerStatus } = status;
  return {
    ...{ state: stateName(state), timestamp: double(timestamp), labels: labelsJson(labels) },
    container_status: containerStatus && v0(ContainerStatusSchema, containerStatus),
    healthy: Object.hasOwn(status, 'healthy') ? status.healthy : undefined,
  };
}

const roleOf = (resources: Resources) => [...resources][0]?.kind.allocatedTo ?? '*';

function taskJson(task: TaskValid): Json {
  const resources = Resources.from(task.resources);
  const { discovery, container, healthCheck } = task;
  return {
    ...{ id: task.taskId.value, name: task.name, framework_id: task.frameworkId.value },
    ...{ executor_id: task.executorId?.value ?? '', slave_id: task.agentId.value },
    ...{ state: stateName(task.state), resources: resourcesJson(resources), role: roleOf(resources) },
    statuses: task.statuses.map(statusJson),
    labels: labelsJson(task.labels),
    discovery: discovery && v0(DiscoveryInfoSchema, discovery),
    container: container && v0(ContainerInfoSchema, container),
    health_check: healthCheck && v0(HealthCheckSchema, healthCheck),
  };
}

function executorJson(place: ApiPlace, framework: FrameworkRecord, executor: ExecutorRecord): Json {
  const { info, containerId, kind, tasks, completedTasks } = executor;
  const agentId = place.state()?.info.id?.value ?? '';
  const ids = { agentId, frameworkId: framework.id, executorId: info.executorId.value, containerId };
  const all = [...tasks.values()];
  const used = usedBy(executor);
  return {
    ...{ id: info.executorId.value, name: info.name, source: info.source, container: containerId },
    directory: sandboxFolder(place.config.workDir, ids),
    ...{ resources: resourcesJson(used), role: roleOf(used), labels: labelsJson(info.labels) },
    type: kind === 'command' ? undefined : nameOfEnum(ExecutorInfo_Type, info.type),
    tasks: all.filter(({ phase }) => phase !== 'queued').map(({ task }) => taskJson(task)),
    queued_tasks: all.filter(({ phase }) => phase === 'queued').map(({ task }) => taskJson(task)),
    completed_tasks: completedTasks.map(taskJson),
  };
}

function frameworkJson(place: ApiPlace, framework: FrameworkRecord): Json {
  const { id, info, executors, completedExecutors } = framework;
  const show = (executor: ExecutorRecord) => executorJson(place, framework, executor);
  return {
    ...{ id, name: info.name, user: info.user, failover_timeout: double(info.failoverTimeout) },
    ...{ checkpoint: info.checkpoint, hostname: info.hostname },
    principal: info.principal === '' ? undefined : info.principal,
    ...(info.roles.length > 0 ? { roles: info.roles } : { role: info.role }),
    executors: [...executors.values()].map(show),
    completed_executors: completedExecutors.map(show),
  };
}

/** `/state` */
export function stateJson(place: ApiPlace, state: AgentState): { readonly [key: string]: Json | undefined } {
  const total = totalResources(state);
  const used = Resources.sum(executorsOf(state).map(usedBy)).allocatedTo(undefined);
  const { drain, info, options, master } = state;
  return {
    ...{ version: options.version, build_date: '', build_time: double(0), build_user: '' },
    start_time: double(place.startedAtMs / 1000),
    id: info.id?.value ?? '',
    ...{ pid: place.pid, hostname: info.hostname, capabilities: agentCapabilityNames },
    resources: resourcesJson(total),
    reserved_resources: byRole(total, resourcesJson),
    unreserved_resources: resourcesJson(unreserved(total)),
    reserved_resources_full: byRole(total, resourcesFull),
    unreserved_resources_full: resourcesFull(unreserved(total)),
    reserved_resources_allocated: byRole(used, resourcesJson),
    unreserved_resources_allocated: resourcesJson(unreserved(used)),
    ...{ resource_providers: [], attributes: attributesJson(info) },
    master_hostname: /@(.*):\d+$/.exec(master ?? '')?.[1],
    ...(drain && {
      drain_config: v0(DrainConfigSchema, drain.config),
      estimated_drain_start_time_seconds: double(drain.startedAtMs / 1000),
    }),
    flags: { ...place.config.flags },
    frameworks: [...state.frameworks.values()].map((framework) => frameworkJson(place, framework)),
    completed_frameworks: state.completedFrameworks.map((framework) => frameworkJson(place, framework)),
  };
}
