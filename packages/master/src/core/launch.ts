/** LAUNCH and LAUNCH_GROUP: what was found valid goes into the books and to the agent. */
import {
  create,
  type ExecutorInfoValid,
  FrameworkIDSchema,
  internal,
  makeMessage,
  type Offer_OperationValid,
  Resource_AllocationInfoSchema,
  Resources,
  type ResourceValid,
  setResourceFormat,
  type TaskInfoValid,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { type MasterContext, toAgent } from './context.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';
import { refuseTask } from './statuses.ts';
import { taskError, taskGroupError } from './task-validation.ts';
import { addExecutor, addTask, hasExecutor, taskOf } from './tasks.ts';

/** Where an ACCEPT is being carried out. */
export interface AcceptPlace {
  readonly framework: FrameworkRecord;
  readonly agent: AgentRecord;
  readonly role: string;
}

/** Resources as the core has them: reservations as a stack, allocated to the role of the offer. */
export function normalize(resources: readonly ResourceValid[], role: string): void {
  for (const resource of resources) {
    setResourceFormat(resource, 'stack');
    if (resource.allocationInfo === undefined) {
      resource.allocationInfo = makeMessage(Resource_AllocationInfoSchema, { role });
    }
  }
}

function prepareTask(task: TaskInfoValid, framework: FrameworkRecord, role: string): void {
  normalize(task.resources, role);
  if (task.executor !== undefined) prepareExecutor(task.executor, framework, role);
}

function prepareExecutor(executor: ExecutorInfoValid, framework: FrameworkRecord, role: string): void {
  normalize(executor.resources, role);
  if (executor.frameworkId === undefined) {
    executor.frameworkId = makeMessage(FrameworkIDSchema, { value: framework.id });
  }
}

/** Takes the executor into the books unless it is there; says whether the agent has to start it. */
function bookExecutor(
  { framework, agent }: AcceptPlace,
  executor: ExecutorInfoValid | undefined,
): { isNew: boolean; resources: Resources } {
  if (executor === undefined) return { isNew: true, resources: Resources.none };
  if (hasExecutor(agent, framework.id, executor.executorId.value)) {
    return { isNew: false, resources: Resources.none };
  }
  const resources = Resources.from(executor.resources);
  addExecutor(framework, agent, executor, resources);
  return { isNew: true, resources };
}

const versionsOf = (agent: AgentRecord) =>
  agent.resourceVersion === undefined ? [] : [{ uuid: agent.resourceVersion }];

function unauthorized(context: MasterContext, place: AcceptPlace, task: TaskInfoValid): boolean {
  const { info } = place.framework;
  const user = task.command?.user || task.executor?.command?.user || info.user;
  return !context.options.authorizer(info.principal || undefined, 'run_task', user);
}

/** @returns what is left of the offers */
export function launchTasks(
  context: MasterContext,
  place: AcceptPlace,
  operation: Offer_OperationValid,
  offered: Resources,
): Resources {
  let remaining = offered;
  for (const task of operation.launch?.taskInfos ?? []) {
    prepareTask(task, place.framework, place.role);
    remaining = remaining.minus(launchTask(context, place, task, remaining));
  }
  return remaining;
}

/** @returns what it takes: nothing when it is refused */
function launchTask(
  context: MasterContext,
  place: AcceptPlace,
  task: TaskInfoValid,
  offered: Resources,
): Resources {
  const { framework, agent } = place;
  const error = taskError(task, { framework, agent, offered });
  const facts = { taskId: task.taskId.value, agentId: task.agentId.value, state: TaskState.TASK_ERROR };
  if (error !== undefined) {
    refuseTask(context, framework, { ...facts, reason: TaskStatus_Reason.TASK_INVALID, message: error });
    return Resources.none;
  }
  if (unauthorized(context, place, task)) {
    const message = `Not authorized to launch as user '${task.command?.user || framework.info.user}'`;
    refuseTask(context, framework, { ...facts, reason: TaskStatus_Reason.TASK_UNAUTHORIZED, message });
    return Resources.none;
  }
  const resources = Resources.from(task.resources);
  const executor = bookExecutor(place, task.executor);
  addTask(context, framework, agent, taskOf(framework.id, task), resources);
  context.counters.add('master/tasks_launched');
  toAgent(
    context,
    agent.pid,
    'RunTaskMessage',
    // Its parts were found complete when they came: looking through all of them again costs more than the rest.
    create(internal.RunTaskMessageSchema, {
      framework: framework.info,
      task,
      pid: framework.connection?.kind === 'driver' ? framework.connection.pid : '',
      launchExecutor: executor.isNew,
      resourceVersionUuids: versionsOf(agent),
    }) as internal.RunTaskMessageValid,
  );
  return resources.plus(executor.resources);
}

/** All tasks of the group, or none. @returns what is left of the offers */
export function launchGroup(
  context: MasterContext,
  place: AcceptPlace,
  { launchGroup: group }: Offer_OperationValid,
  offered: Resources,
): Resources {
  if (group === undefined) return offered;
  const { framework, agent, role } = place;
  const { tasks } = group.taskGroup;
  prepareExecutor(group.executor, framework, role);
  for (const task of tasks) {
    task.executor ??= group.executor;
    prepareTask(task, framework, role);
  }
  const error = taskGroupError(tasks, group.executor, { framework, agent, offered });
  const refused = error === undefined && tasks.some((task) => unauthorized(context, place, task));
  if (error !== undefined || refused) {
    const reason = refused ? TaskStatus_Reason.TASK_GROUP_UNAUTHORIZED : TaskStatus_Reason.TASK_GROUP_INVALID;
    const message = error ?? 'Not authorized to launch a task of the group';
    for (const task of tasks) {
      const facts = { taskId: task.taskId.value, agentId: task.agentId.value };
      refuseTask(context, framework, { ...facts, state: TaskState.TASK_ERROR, reason, message });
    }
    return offered;
  }
  const executor = bookExecutor(place, group.executor);
  let remaining = offered.minus(executor.resources);
  for (const task of tasks) {
    const resources = Resources.from(task.resources);
    addTask(context, framework, agent, taskOf(framework.id, task), resources);
    context.counters.add('master/tasks_launched');
    remaining = remaining.minus(resources);
  }
  toAgent(
    context,
    agent.pid,
    'RunTaskGroupMessage',
    makeMessage(internal.RunTaskGroupMessageSchema, {
      framework: framework.info,
      executor: group.executor,
      taskGroup: group.taskGroup,
      launchExecutor: executor.isNew,
      resourceVersionUuids: versionsOf(agent),
    }),
  );
  return remaining;
}
