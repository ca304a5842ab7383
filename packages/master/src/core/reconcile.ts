/** RECONCILE: what the master knows of tasks. It says nothing where it may soon know better. */
import { type scheduler, TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import type { MasterContext } from './context.ts';
import type { FrameworkRecord, TaskRecord } from './records.ts';
import { masterStatus, type StatusFacts, sendStatus } from './statuses.ts';

type Found = Pick<StatusFacts, 'state' | 'message'> & Partial<StatusFacts>;

function latestOf(task: TaskRecord): Found {
  const { message } = task;
  const acknowledged = Object.hasOwn(message, 'statusUpdateState');
  return {
    state: acknowledged ? message.statusUpdateState : message.state,
    message: 'Reconciliation: Latest task state',
    agentId: task.agentId,
    executorId: message.executorId?.value,
    latest: message.statuses.at(-1),
  };
}

function send(context: MasterContext, framework: FrameworkRecord, taskId: string, found: Found): void {
  const reason = TaskStatus_Reason.RECONCILIATION;
  sendStatus(context, framework, masterStatus(context, framework, { taskId, reason, ...found }));
}

/** Where a task can be that is in no book: undefined while an agent that may have it is still on its way. */
function elsewhere(
  context: MasterContext,
  framework: FrameworkRecord,
  taskId: string,
  agentId: string | undefined,
): Found | undefined {
  const { agents, recoveredAgents, transitions, unreachableAgents, goneAgents } = context.state;
  const unreachable = framework.unreachableTasks.get(taskId);
  const place = agentId ?? unreachable?.agentId;
  const onItsWay =
    place === undefined
      ? recoveredAgents.size > 0 || [...transitions.values()].some((each) => each !== 'registering')
      : recoveredAgents.has(place) || transitions.has(place);
  if (onItsWay) return undefined;
  const facts = place === undefined ? {} : { agentId: place };
  if (place !== undefined && agents.has(place)) {
    return { ...facts, state: TaskState.TASK_GONE, message: 'Reconciliation: Task is unknown to the agent' };
  }
  const sinceNs = place === undefined ? undefined : unreachableAgents.get(place);
  if (sinceNs !== undefined) {
    return {
      ...facts,
      state: TaskState.TASK_UNREACHABLE,
      message: 'Reconciliation: Task is unreachable',
      unreachableAtNs: sinceNs,
    };
  }
  if (place !== undefined && goneAgents.has(place)) {
    return { ...facts, state: TaskState.TASK_GONE_BY_OPERATOR, message: 'Reconciliation: Task is gone' };
  }
  return { ...facts, state: TaskState.TASK_UNKNOWN, message: 'Reconciliation: Task is unknown' };
}

export function reconcileTask(
  context: MasterContext,
  framework: FrameworkRecord,
  taskId: string,
  agentId: string | undefined,
): void {
  const task = framework.tasks.get(taskId);
  const found = task === undefined ? elsewhere(context, framework, taskId, agentId) : latestOf(task);
  if (found !== undefined) send(context, framework, taskId, found);
}

/** An empty list asks for all tasks that are known. */
export function reconcile(
  context: MasterContext,
  framework: FrameworkRecord,
  { tasks }: scheduler.Call_ReconcileValid,
): void {
  for (const { taskId, agentId } of tasks) reconcileTask(context, framework, taskId.value, agentId?.value);
  if (tasks.length > 0) return;
  for (const [taskId, task] of framework.tasks) send(context, framework, taskId, latestOf(task));
}
