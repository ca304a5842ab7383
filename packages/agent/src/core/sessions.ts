/** Custom executors: they subscribe, are told what to run, and tell what becomes of it. */
import {
  internal,
  isTerminal,
  makeMessage,
  TaskState,
  TaskStatus_Reason,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import { containerStatusOf } from './container-status.ts';
import { endTask } from './ends.ts';
import type { AgentEvent, ExecutorIds } from './events.ts';
import {
  sendAcknowledged,
  sendData,
  sendLaunch,
  sendLaunchGroup,
  sendShutdown,
  sendShutdownTo,
  sendSubscribed,
} from './executor-events.ts';
import { saveExecutor } from './launch.ts';
import type { AgentState, TaskRecord } from './records.ts';
import { whileDrained } from './status.ts';
import { droppedFor } from './task-state.ts';
import { cancelTimer, type Place, send, sendToMaster, type Turn } from './turn.ts';
import { saveTask, takesOnlyItsEnd, takeUpdate } from './updates.ts';

type EventOf<Type extends AgentEvent['type']> = Extract<AgentEvent, { type: Type }>;

export function findExecutor(state: AgentState, ids: ExecutorIds): Place | undefined {
  const framework = state.frameworks.get(ids.frameworkId);
  const executor = framework?.executors.get(ids.executorId);
  return framework === undefined || executor === undefined ? undefined : { framework, executor };
}

/** What the agent adds to what an executor says. */
function completed(turn: Turn, place: Place, status: TaskStatusValid): internal.StatusUpdateValid {
  const { framework, executor } = place;
  const task = executor.tasks.get(status.taskId.value);
  const agentId = turn.state.info.id;
  const timestamp = status.timestamp > 0 ? status.timestamp : turn.nowMs / 1000;
  const containerStatus =
    status.containerStatus ??
    (task === undefined ? undefined : containerStatusOf(turn.state, executor, task));
  const shared = {
    ...(agentId !== undefined && { agentId }),
    ...{ executorId: executor.info.executorId, timestamp, uuid: status.uuid },
  };
  return makeMessage(internal.StatusUpdateSchema, {
    ...shared,
    frameworkId: { value: framework.id },
    status: { ...status, ...shared, ...(containerStatus !== undefined && { containerStatus }) },
  });
}

/** What is taken, or was taken before, is acknowledged once it is on disk; what is not may be told again. */
function takeFromExecutor(turn: Turn, place: Place, status: TaskStatusValid): void {
  const { framework, executor } = place;
  if (!isTerminal(status.state) && takesOnlyItsEnd(turn, framework.id, status.taskId.value)) {
    turn.state.counters.invalidStatusUpdates++;
    return;
  }
  const { validStatusUpdates } = turn.state.counters;
  turn.state.counters.validStatusUpdates = validStatusUpdates + 1;
  const kill = executor.tasks.get(status.taskId.value)?.kill;
  const why =
    kill?.reason === undefined || status.state !== TaskState.TASK_KILLED ? {} : { reason: kill.reason };
  const said = whileDrained(turn, framework, { ...status, ...why });
  if (framework.phase === 'running') takeUpdate(turn, completed(turn, place, said));
  sendAcknowledged(turn, place, status.taskId.value, status.uuid);
}

export function onExecutorUpdate(turn: Turn, event: EventOf<'executorUpdate'>): void {
  const place = findExecutor(turn.state, event);
  if (place?.executor.isSubscribed && place.executor.pid === event.pid)
    takeFromExecutor(turn, place, event.update.status);
  else turn.state.counters.invalidStatusUpdates++;
}

/** Given to the executor before the agent or its connection broke, and never heard of by it. */
function endLostTasks(turn: Turn, place: Place, known: ReadonlySet<string>): void {
  const { framework, executor } = place;
  for (const [taskId, task] of executor.tasks) {
    const isUnheard = task.phase === 'launched' && task.task.state === TaskState.TASK_STAGING;
    if (!isUnheard || known.has(taskId)) continue;
    endTask(turn, framework, executor, task, {
      state: droppedFor(framework.info),
      reason: TaskStatus_Reason.AGENT_RESTARTED,
      message: 'The task did not reach its executor',
    });
  }
}

/** One by messages that nobody has started, or that is here already, is told to end: it cannot be told anything else. */
function isIntruder(place: Place | undefined, { pid, isAgain }: EventOf<'executorSubscribed'>): boolean {
  if (pid === undefined) return false;
  const known = place?.executor;
  if (known === undefined || known.kind !== 'custom' || known.phase === 'terminated') return true;
  return isAgain === true ? known.pid !== pid : known.isSubscribed;
}

export function onExecutorSubscribed(turn: Turn, event: EventOf<'executorSubscribed'>): void {
  const place = findExecutor(turn.state, event);
  if (isIntruder(place, event)) {
    if (event.pid !== undefined) sendShutdownTo(turn, event.pid);
    return;
  }
  if (place === undefined) return;
  const { framework, executor } = place;
  const isFirst = executor.phase === 'registering';
  executor.isSubscribed = true;
  if (event.pid === undefined) delete executor.pid;
  else executor.pid = event.pid;
  sendSubscribed(turn, place, isFirst);
  if (executor.phase === 'terminating') {
    sendShutdown(turn, place);
    return;
  }
  executor.phase = 'running';
  cancelTimer(turn, `executor ${executor.containerId}`);
  saveExecutor(turn, framework, executor);
  for (const { status } of event.subscribe?.unacknowledgedUpdates ?? []) {
    takeFromExecutor(turn, place, status);
  }
  const heard = event.subscribe?.unacknowledgedTasks ?? [];
  if (!isFirst) endLostTasks(turn, place, new Set(heard.map(({ taskId }) => taskId.value)));
  for (const task of executor.tasks.values()) {
    if (task.phase === 'queued') launchTogether(turn, place, task);
  }
}

/** A task, or all of its group. */
function launchTogether(turn: Turn, place: Place, task: TaskRecord): void {
  const { framework, executor } = place;
  const tasks = [...executor.tasks.values()].filter(
    (each) => each === task || (task.group !== undefined && each.group === task.group),
  );
  for (const each of tasks) {
    each.phase = 'launched';
    saveTask(turn, framework, executor, each);
  }
  const infos = tasks.map(({ info }) => info);
  if (task.group === undefined) sendLaunch(turn, place, infos);
  else sendLaunchGroup(turn, place, infos);
}

/** It may come back; the end of its container is what counts. */
export function onExecutorDisconnected(turn: Turn, event: EventOf<'executorDisconnected'>): void {
  const executor = findExecutor(turn.state, event)?.executor;
  if (executor !== undefined) executor.isSubscribed = false;
}

/** At most once: to the driver itself where there is one, otherwise through the master. */
export function onExecutorMessage(turn: Turn, event: EventOf<'executorMessage'>): void {
  const place = findExecutor(turn.state, event);
  const agentId = turn.state.info.id;
  const { counters, phase } = turn.state;
  const isHeard = phase === 'running' && place?.framework.phase === 'running';
  if (!isHeard || agentId === undefined) {
    counters.invalidFrameworkMessages++;
    return;
  }
  counters.validFrameworkMessages++;
  const { framework, executor } = place;
  const message = makeMessage(internal.ExecutorToFrameworkMessageSchema, {
    ...{ agentId, frameworkId: { value: framework.id } },
    ...{ executorId: executor.info.executorId, data: event.data },
  });
  const schema = internal.ExecutorToFrameworkMessageSchema;
  if (framework.pid === undefined) sendToMaster(turn, schema, message);
  else send(turn, framework.pid, schema, message);
}

export function onFrameworkMessage(turn: Turn, message: internal.FrameworkToExecutorMessageValid): void {
  const ids = { frameworkId: message.frameworkId.value, executorId: message.executorId.value };
  const place = findExecutor(turn.state, ids);
  const { counters, phase } = turn.state;
  const isThere =
    place?.framework.phase === 'running' && place.executor.phase === 'running' && place.executor.isSubscribed;
  if (phase !== 'running' || !isThere) {
    counters.invalidFrameworkMessages++;
    return;
  }
  counters.validFrameworkMessages++;
  sendData(turn, place, message.data);
}
