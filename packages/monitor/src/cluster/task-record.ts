/** A task as it is kept here: what is shown of it, and nothing else of the master's message. */
import {
  isFieldSet,
  nameOfEnum,
  TaskState,
  TaskStatus_Reason,
  TaskStatusSchema,
  type TaskStatusValid,
  type TaskValid,
} from '@orchestrator/mesos';
import type { ClusterTaskDetail, TaskStateName } from '../schema/index.ts';
import { taskState } from '../schema/index.ts';
import { type Amounts, amountsOf, roleOf } from './amounts.ts';

type History = ClusterTaskDetail['history'][number];

export interface TaskRecord {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly executorId: string;
  readonly role: string;
  readonly resources: Amounts;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly image: string;
  readonly user: string;
  readonly state: TaskStateName;
  readonly healthy: boolean | null;
  readonly containerId: string;
  readonly ipAddresses: readonly string[];
  /** Oldest first. */
  readonly history: readonly History[];
}

/** Changes of one task that are kept; the oldest are forgotten first. */
const maxHistory = 20;

export const keyOfTask = (frameworkId: string, taskId: string): string => `${frameworkId}\n${taskId}`;

export function stateName(state: number): TaskStateName {
  const name = nameOfEnum(TaskState, state)
    .replace(/^TASK_/, '')
    .toLowerCase();
  return taskState.safeParse(name).data ?? 'unknown';
}

const ended: ReadonlySet<TaskStateName> = new Set([
  ...(['finished', 'failed', 'killed', 'error', 'lost', 'dropped', 'gone', 'gone_by_operator'] as const),
]);
export const isEnded = (state: TaskStateName): boolean => ended.has(state);
/** Uses what it was given: an unreachable task's agent is not there. */
export const isHolding = (state: TaskStateName): boolean => !isEnded(state) && state !== 'unreachable';

function historyOf(status: TaskStatusValid): History {
  const hasReason = isFieldSet(status, TaskStatusSchema.field.reason);
  const reason = hasReason ? nameOfEnum(TaskStatus_Reason, status.reason) : '';
  return {
    state: stateName(status.state),
    atMs: Math.round(status.timestamp * 1_000),
    message: status.message,
    reason: reason.replace(/^REASON_/, '').toLowerCase(),
  };
}

function containerOf(status: TaskStatusValid | undefined): Pick<TaskRecord, 'containerId' | 'ipAddresses'> {
  const infos = status?.containerStatus?.networkInfos ?? [];
  return {
    containerId: status?.containerStatus?.containerId?.value ?? '',
    ipAddresses: infos.flatMap(({ ipAddresses }) => ipAddresses.map(({ ipAddress }) => ipAddress)),
  };
}

/** Executors say it of tasks with a health check only. */
const healthOf = (status: TaskStatusValid | undefined): boolean | null =>
  status !== undefined && isFieldSet(status, TaskStatusSchema.field.healthy) ? status.healthy : null;

export function taskRecord(task: TaskValid): TaskRecord {
  const last = task.statuses.at(-1);
  const labels = (task.labels?.labels ?? []).map(({ key, value }): [string, string] => [key, value]);
  const ports = task.discovery?.ports?.ports ?? [];
  return {
    id: task.taskId.value,
    name: task.name,
    frameworkId: task.frameworkId.value,
    agentId: task.agentId.value,
    executorId: task.executorId?.value || task.taskId.value,
    role: roleOf(task.resources),
    resources: amountsOf(task.resources),
    labels: Object.fromEntries(labels),
    ports: ports.map(({ number, protocol, name }) => `${number}/${protocol || 'tcp'} ${name}`.trim()),
    image: task.container?.docker?.image || task.container?.mesos?.image?.docker?.name || '',
    user: task.user,
    state: stateName(task.state),
    healthy: healthOf(last),
    ...containerOf(last),
    history: task.statuses.slice(-maxHistory).map(historyOf),
  };
}

/** The task after a status of it. What a status does not say stays as it was. */
export function withStatus(task: TaskRecord, status: TaskStatusValid, state: TaskState): TaskRecord {
  const { containerId, ipAddresses } = containerOf(status);
  const told = historyOf(status);
  // Masters tell of a status again when it is acknowledged.
  const last = task.history.at(-1);
  const isNews = last === undefined || last.state !== told.state || last.atMs !== told.atMs;
  return {
    ...task,
    state: stateName(state),
    healthy: healthOf(status) ?? task.healthy,
    containerId: containerId || task.containerId,
    ipAddresses: ipAddresses.length > 0 ? ipAddresses : task.ipAddresses,
    history: isNews ? [...task.history, told].slice(-maxHistory) : task.history,
  };
}
