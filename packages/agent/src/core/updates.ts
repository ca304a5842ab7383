/**
 * Status updates, at least once and in order: one stream for each task, whose first update is sent again and again until
 * the framework has acknowledged it. What is terminal and acknowledged ends the task.
 */
import {
  internal,
  isTerminal,
  makeMessage,
  TaskSchema,
  type TaskState,
  type TaskStatusValid,
  type TaskValid,
} from '@orchestrator/mesos';
import {
  coreLimits,
  type ExecutorRecord,
  type FrameworkRecord,
  type TaskRecord,
  type UpdateStream,
} from './records.ts';
import { taskKey } from './saved.ts';
import { cancelTimer, findTask, log, save, sendToMaster, type Turn, timer } from './turn.ts';

interface TaskPlace {
  framework: FrameworkRecord;
  executor: ExecutorRecord;
  task: TaskRecord;
}

export const streamKey = (frameworkId: string, taskId: string) => `${frameworkId} ${taskId}`;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const retryTimer = ({ frameworkId, taskId }: UpdateStream) => `update ${streamKey(frameworkId, taskId)}`;

export function openStream(turn: Turn, frameworkId: string, taskId: string): UpdateStream {
  const key = streamKey(frameworkId, taskId);
  const existing = turn.state.streams.get(key);
  if (existing !== undefined) return existing;
  const { updateRetryMs: retryMs } = coreLimits;
  const stream = { frameworkId, taskId, pending: [], taken: [], retryMs, isTerminal: false };
  turn.state.streams.set(key, stream);
  return stream;
}

/** Sends the first of the stream, if the master knows this agent, and sets the timer of the next attempt. */
export function sendFirst(turn: Turn, stream: UpdateStream): void {
  const [first] = stream.pending;
  if (first === undefined || turn.state.phase === 'recovering') return;
  const latest = stream.pending.at(-1) ?? first;
  sendToMaster(turn, internal.StatusUpdateMessageSchema, {
    ...makeMessage(internal.StatusUpdateMessageSchema, { update: first, pid: turn.state.options.pid }),
    update: { ...first, latestState: latest.status.state },
  });
  timer(turn, retryTimer(stream), stream.retryMs);
}

export function onRetryTimer(turn: Turn, key: string): void {
  const stream = turn.state.streams.get(key);
  if (stream === undefined) return;
  stream.retryMs = Math.min(stream.retryMs * 2, coreLimits.updateRetryMostMs);
  sendFirst(turn, stream);
}

/** After a registration, or because the framework has moved: nobody waits for the back-off then. */
export function resendAll(turn: Turn, wanted: (stream: UpdateStream) => boolean = () => true): void {
  for (const stream of turn.state.streams.values()) {
    if (!wanted(stream)) continue;
    stream.retryMs = coreLimits.updateRetryMs;
    sendFirst(turn, stream);
  }
}

export function saveTask(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  record: TaskRecord,
): void {
  if (!framework.info.checkpoint) return;
  const stream = turn.state.streams.get(streamKey(framework.id, record.task.taskId.value));
  save(turn, {
    kind: 'task',
    frameworkId: framework.id,
    executorId: executor.info.executorId.value,
    executorContainerId: executor.containerId,
    info: record.info,
    task: record.task,
    containerId: record.containerId,
    phase: record.phase,
    killRequest: record.kill,
    ...(record.group !== undefined && { group: record.group }),
    pending: [...(stream?.pending ?? [])],
    taken: [...(stream?.taken ?? [])],
  });
}

/** The task as masters and the API see it: the latest state, and one status of each state. */
function taskAfter(task: TaskValid, status: TaskStatusValid, stream: UpdateStream): TaskValid {
  const statuses = task.statuses.filter(({ state }) => state !== status.state);
  const first = stream.pending[0]?.status ?? status;
  return makeMessage(TaskSchema, {
    ...task,
    state: status.state,
    statuses: [...statuses, status],
    statusUpdateState: first.state,
    ...(first.uuid.length > 0 && { statusUpdateUuid: first.uuid }),
  });
}

/** So much waits for a framework that acknowledges nothing that no more than the end of the task is taken. */
export function takesOnlyItsEnd(turn: Turn, frameworkId: string, taskId: string): boolean {
  const waiting = turn.state.streams.get(streamKey(frameworkId, taskId))?.pending.length ?? 0;
  return waiting >= coreLimits.pendingUpdates;
}

/**
 * Takes an update: keeps it, and sends it when it is the first of its task. False, and nothing changes: it was taken
 * before, comes after the end of its task, or too many wait.
 */
export function takeUpdate(turn: Turn, update: internal.StatusUpdateValid): boolean {
  const { frameworkId, status } = update;
  const taskId = status.taskId.value;
  const stream = openStream(turn, frameworkId.value, taskId);
  const uuid = hex(update.uuid);
  if (stream.isTerminal || stream.taken.includes(uuid)) return false;
  if (!isTerminal(status.state) && takesOnlyItsEnd(turn, frameworkId.value, taskId)) return false;
  stream.taken = [...stream.taken, uuid].slice(-coreLimits.takenUuids);
  stream.pending = [...stream.pending, update];
  stream.isTerminal = isTerminal(status.state);
  const place = findTask(turn.state, frameworkId.value, taskId);
  if (place !== undefined) {
    const { framework, executor, task } = place;
    task.task = taskAfter(task.task, status, stream);
    if (stream.isTerminal) task.phase = 'ended';
    saveTask(turn, framework, executor, task);
  }
  if (stream.isTerminal) {
    const { tasks } = turn.state.counters;
    tasks[String(status.state)] = (tasks[String(status.state)] ?? 0) + 1;
  }
  if (stream.pending.length === 1) sendFirst(turn, stream);
  return true;
}

/** Drops the stream of a task, whoever waits for it. */
export function closeStream(turn: Turn, frameworkId: string, taskId: string): void {
  const key = streamKey(frameworkId, taskId);
  const stream = turn.state.streams.get(key);
  if (stream === undefined) return;
  cancelTimer(turn, retryTimer(stream));
  turn.state.streams.delete(key);
}

/** The task is over and everybody knows: it is history. */
function completeTask(turn: Turn, frameworkId: string, taskId: string): void {
  closeStream(turn, frameworkId, taskId);
  const place = findTask(turn.state, frameworkId, taskId);
  if (place === undefined) return;
  const { executor, task } = place;
  executor.tasks.delete(taskId);
  executor.completedTasks = [...executor.completedTasks, task.task].slice(-coreLimits.completedTasks);
  const key = taskKey(frameworkId, executor.info.executorId.value, executor.containerId, taskId);
  turn.actions.push({ type: 'forget', key });
}

/** Of a framework that is gone: nobody would ever acknowledge. */
export function takeUnheard(turn: Turn, { framework, executor, task }: TaskPlace, state: TaskState): void {
  if (!isTerminal(state)) return;
  const taskId = task.task.taskId.value;
  task.task = makeMessage(TaskSchema, { ...task.task, state });
  task.phase = 'ended';
  turn.state.counters.tasks[String(state)] = (turn.state.counters.tasks[String(state)] ?? 0) + 1;
  // Looked for by its ids; a task of another run by the same name is not meant.
  if (executor.tasks.get(taskId) === task) completeTask(turn, framework.id, taskId);
}

/** True when the task is over with this. */
export function acknowledge(
  turn: Turn,
  { frameworkId, taskId, uuid }: internal.StatusUpdateAcknowledgementMessageValid,
): boolean {
  const stream = turn.state.streams.get(streamKey(frameworkId.value, taskId.value));
  const [first, ...rest] = stream?.pending ?? [];
  // One of an update that was sent twice comes twice.
  if (stream === undefined || first === undefined || hex(first.uuid) !== hex(uuid)) {
    log(turn, 'acknowledgement of an update that is not pending', { taskId: taskId.value });
    return false;
  }
  stream.pending = rest;
  stream.retryMs = coreLimits.updateRetryMs;
  cancelTimer(turn, retryTimer(stream));
  if (isTerminal(first.status.state)) {
    completeTask(turn, frameworkId.value, taskId.value);
    return true;
  }
  const place = findTask(turn.state, frameworkId.value, taskId.value);
  if (place !== undefined) {
    const [next] = rest;
    if (next !== undefined) {
      const { state: statusUpdateState, uuid: statusUpdateUuid } = next.status;
      const changed = { ...place.task.task, statusUpdateState, statusUpdateUuid };
      place.task.task = makeMessage(TaskSchema, changed);
    }
    saveTask(turn, place.framework, place.executor, place.task);
  }
  sendFirst(turn, stream);
  return false;
}
