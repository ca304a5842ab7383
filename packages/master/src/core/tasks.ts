/** Tasks and executors in the books of their agent and their framework. */
import {
  create,
  type ExecutorInfoValid,
  isTerminal,
  Resources,
  type TaskInfoValid,
  TaskSchema,
  TaskState,
  type TaskStatusValid,
  type TaskValid,
} from '@orchestrator/mesos';
import type { MasterContext } from './context.ts';
import { count } from './framework-figures.ts';
import { giveBack } from './holdings.ts';
import { tellTaskAdded, tellTaskUpdated } from './operator-events.ts';
import type { AgentRecord, FrameworkRecord, TaskRecord } from './records.ts';
import { metricNameOf } from './task-state.ts';

function change(map: Map<string, Resources>, key: string, next: Resources): void {
  if (next.isEmpty) map.delete(key);
  else map.set(key, next);
}

export function addUsed(agent: AgentRecord, framework: FrameworkRecord, resources: Resources): void {
  const next = (agent.used.get(framework.id) ?? Resources.none).plus(resources);
  change(agent.used, framework.id, next);
  change(framework.used, agent.id, next);
}

function subtractUsed(agent: AgentRecord, framework: FrameworkRecord, resources: Resources): void {
  const next = (agent.used.get(framework.id) ?? Resources.none).minus(resources);
  change(agent.used, framework.id, next);
  change(framework.used, agent.id, next);
}

/** The task as it is kept, of what the framework launched. */
export function taskOf(frameworkId: string, info: TaskInfoValid): TaskValid {
  const container = info.container ?? info.executor?.container;
  const user = info.command?.user ?? info.executor?.command?.user ?? '';
  // Of parts that were found complete when they came.
  return create(TaskSchema, {
    name: info.name,
    taskId: info.taskId,
    frameworkId: { value: frameworkId },
    agentId: info.agentId,
    state: TaskState.TASK_STAGING,
    resources: info.resources,
    limits: info.limits,
    ...(info.executor === undefined ? {} : { executorId: info.executor.executorId }),
    ...(info.labels === undefined ? {} : { labels: info.labels }),
    ...(info.discovery === undefined ? {} : { discovery: info.discovery }),
    ...(container === undefined ? {} : { container }),
    ...(info.healthCheck === undefined ? {} : { healthCheck: info.healthCheck }),
    ...(info.killPolicy === undefined ? {} : { killPolicy: info.killPolicy }),
    ...(user === '' ? {} : { user }),
  }) as TaskValid;
}

/** Takes a task into the books; what it holds must have been taken from the allocator before. */
export function addTask(
  context: MasterContext,
  framework: FrameworkRecord,
  agent: AgentRecord,
  message: TaskValid,
  resources: Resources,
): TaskRecord {
  const taskId = message.taskId.value;
  const released = isTerminal(message.state);
  const { nowMs } = context;
  const task: TaskRecord = {
    ...{ message, taskId, frameworkId: framework.id, agentId: agent.id, resources, released },
    changedAtMs: nowMs,
  };
  let tasks = agent.tasks.get(framework.id);
  if (tasks === undefined) {
    tasks = new Map();
    agent.tasks.set(framework.id, tasks);
  }
  tasks.set(taskId, task);
  framework.tasks.set(taskId, task);
  if (!released) addUsed(agent, framework, resources);
  tellTaskAdded(context, task);
  return task;
}

/** Nothing is held for the task any more; it stays in the books until its last update is acknowledged. */
export function releaseTask(context: MasterContext, task: TaskRecord): void {
  if (task.released) return;
  task.released = true;
  const agent = context.state.agents.get(task.agentId);
  const framework = context.state.frameworks.get(task.frameworkId);
  if (agent === undefined || framework === undefined) return;
  subtractUsed(agent, framework, task.resources);
  giveBack(context, framework.id, agent.id, task.resources);
}

/** The task leaves the books of what runs; history keeps it. */
export function removeTask(
  context: MasterContext,
  task: TaskRecord,
  into: 'completed' | 'unreachable',
): void {
  releaseTask(context, task);
  const agent = context.state.agents.get(task.agentId);
  const tasks = agent?.tasks.get(task.frameworkId);
  tasks?.delete(task.taskId);
  agent?.killsWaiting.delete(`${task.frameworkId} ${task.taskId}`);
  if (tasks?.size === 0) agent?.tasks.delete(task.frameworkId);
  const framework = context.state.frameworks.get(task.frameworkId);
  if (framework === undefined) return;
  framework.tasks.delete(task.taskId);
  if (into === 'completed') framework.completedTasks.set(`${task.agentId} ${task.taskId}`, task);
  else framework.unreachableTasks.set(task.taskId, task);
}

/** Statuses that are kept of a task; one for each state that it went through in turn. */
const mostStatuses = 16;

/** A list of its own length: one that is pushed to has room for sixteen more. */
function withStatus(statuses: readonly TaskStatusValid[], status: TaskStatusValid): TaskStatusValid[] {
  const before = statuses.at(-1)?.state === status.state ? statuses.slice(0, -1) : statuses;
  return [...before.slice(1 - mostStatuses), status];
}

/** The status is kept for as long as its task: without the bytes that it was read from, and with what both say once. */
function keepSmall(status: TaskStatusValid, { taskId, agentId }: TaskValid): void {
  if (Object.hasOwn(status, 'uuid')) status.uuid = Uint8Array.from(status.uuid);
  status.taskId = taskId;
  if (status.agentId?.value === agentId.value) status.agentId = agentId;
}

/**
 * Takes in a status, the master's own or one that came from the agent. `latestState` runs ahead of the status when the
 * agent has newer ones waiting; a terminal state is never left again.
 */
export function updateTask(
  context: MasterContext,
  task: TaskRecord,
  status: TaskStatusValid,
  latestState: TaskState = status.state,
): void {
  const { message } = task;
  keepSmall(status, message);
  message.statusUpdateState = status.state;
  if (Object.hasOwn(status, 'uuid')) message.statusUpdateUuid = status.uuid;
  else Reflect.deleteProperty(message, 'statusUpdateUuid');
  const before = message.state;
  const wasTerminal = isTerminal(before);
  if (!wasTerminal) message.state = latestState;
  message.statuses = withStatus(message.statuses, status);
  if (message.state !== before) {
    task.changedAtMs = context.nowMs;
    if (isTerminal(message.state)) countEnd(context, task);
  }
  tellTaskUpdated(context, task, status);
  if (isTerminal(message.state)) releaseTask(context, task);
}

function countEnd(context: MasterContext, { frameworkId, message }: TaskRecord): void {
  context.counters.add(`master/tasks_${metricNameOf(message.state)}`);
  const framework = context.state.frameworks.get(frameworkId);
  if (framework !== undefined) count(framework.figures.ended, message.state);
}

export function hasExecutor(agent: AgentRecord, frameworkId: string, executorId: string): boolean {
  return agent.executors.get(frameworkId)?.has(executorId) === true;
}

export function addExecutor(
  framework: FrameworkRecord,
  agent: AgentRecord,
  info: ExecutorInfoValid,
  resources: Resources,
): void {
  let executors = agent.executors.get(framework.id);
  if (executors === undefined) {
    executors = new Map();
    agent.executors.set(framework.id, executors);
  }
  executors.set(info.executorId.value, { info, resources });
  addUsed(agent, framework, resources);
}

/** The executor has ended, or its framework or agent is no more. */
export function removeExecutor(
  context: MasterContext,
  framework: FrameworkRecord,
  agent: AgentRecord,
  executorId: string,
): boolean {
  const executors = agent.executors.get(framework.id);
  const executor = executors?.get(executorId);
  if (executors === undefined || executor === undefined) return false;
  executors.delete(executorId);
  if (executors.size === 0) agent.executors.delete(framework.id);
  subtractUsed(agent, framework, executor.resources);
  giveBack(context, framework.id, agent.id, executor.resources);
  return true;
}
