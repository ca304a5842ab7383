/** What becomes of tasks as their containers start and end. */
import { isTerminal, Resources, TaskState, TaskStatus_Reason, TaskStatus_Source } from '@orchestrator/mesos';
import type { Termination } from '../container/machine.ts';
import type { ContainerStatus } from '../container/runtime.ts';
import { endExecutor, endTask } from './ends.ts';
import { killTask } from './kill.ts';
import type { ExecutorRecord, FrameworkRecord, TaskRecord } from './records.ts';
import { type Report, reportTask } from './status.ts';
import { findContainer, type Turn } from './turn.ts';

const source = TaskStatus_Source.EXECUTOR;

export function onLaunched(turn: Turn, containerId: string, status: ContainerStatus): void {
  const place = findContainer(turn.state, containerId);
  const task = place?.task;
  if (place === undefined || task === undefined || task.phase !== 'launched') return;
  task.container = status;
  const { framework, executor } = place;
  reportTask(turn, framework, executor, task, { state: TaskState.TASK_RUNNING, source });
  turn.actions.push({ type: 'watch', containerId, task: task.info });
}

/** What it asked for, or was limited to beyond that. */
function memoryLimitOf({ info }: TaskRecord): Resources {
  const limit = info.limits.mem?.value;
  if (limit !== undefined && Number.isFinite(limit)) return Resources.parse(`mem:${limit}`);
  return Resources.from(info.resources).filter(({ name }) => name === 'mem');
}

/** What the end of a container means to its task. */
function endOf(task: TaskRecord, termination: Termination): Report {
  const { reason, exitCode, message } = termination;
  if (reason === 'launchFailed') {
    return {
      state: TaskState.TASK_FAILED,
      reason: TaskStatus_Reason.CONTAINER_LAUNCH_FAILED,
      message,
    };
  }
  if (reason === 'outOfMemory') {
    const { CONTAINER_LIMITATION_MEMORY } = TaskStatus_Reason;
    const limitation = memoryLimitOf(task);
    return { state: TaskState.TASK_FAILED, reason: CONTAINER_LIMITATION_MEMORY, message, limitation };
  }
  if (reason === 'outOfDisk') {
    const { CONTAINER_LIMITATION_DISK } = TaskStatus_Reason;
    const limitation = Resources.from(task.info.resources).filter(({ name }) => name === 'disk');
    return { state: TaskState.TASK_FAILED, reason: CONTAINER_LIMITATION_DISK, message, limitation };
  }
  if (task.kill !== undefined) {
    const state = task.kill.state === 'failed' ? TaskState.TASK_FAILED : TaskState.TASK_KILLED;
    const why = task.kill.reason === undefined ? {} : { reason: task.kill.reason };
    return { state, ...why, source, message: `${task.kill.message}; ${message}` };
  }
  if (reason === 'killed') return { state: TaskState.TASK_KILLED, source, message };
  if (exitCode === 0) return { state: TaskState.TASK_FINISHED, source, message };
  const unknown = exitCode === undefined;
  return {
    ...{ state: TaskState.TASK_FAILED, message },
    ...(unknown
      ? { reason: TaskStatus_Reason.EXECUTOR_TERMINATED }
      : { source, reason: TaskStatus_Reason.COMMAND_EXECUTOR_FAILED }),
  };
}

/** Tasks that a custom executor leaves behind. */
function endLeftTasks(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  termination: Termination,
): void {
  for (const task of executor.tasks.values()) {
    if (task.phase === 'ended') continue;
    const kill = executor.kill ?? task.kill;
    const report = endOf({ ...task, ...(kill && { kill }) }, termination);
    const { EXECUTOR_TERMINATED, COMMAND_EXECUTOR_FAILED } = TaskStatus_Reason;
    const unexplained = report.reason === undefined || report.reason === COMMAND_EXECUTOR_FAILED;
    endTask(turn, framework, executor, task, {
      ...report,
      state: report.state === TaskState.TASK_FINISHED ? TaskState.TASK_FAILED : report.state,
      ...(unexplained && { reason: EXECUTOR_TERMINATED }),
      source: TaskStatus_Source.AGENT,
      message: `Executor terminated: ${report.message}`,
    });
  }
}

/** A group lives and dies together: what ends badly takes the others with it. */
function endGroupOf(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  task: TaskRecord,
): void {
  if (task.task.state === TaskState.TASK_FINISHED) return;
  const message = `Task ${task.task.taskId.value} of its group has ended`;
  for (const other of executor.tasks.values()) {
    if (other.kill !== undefined) continue;
    killTask(turn, { framework, executor, task: other }, { kill: { state: 'killed', message } });
  }
}

export function onTerminated(turn: Turn, containerId: string, termination: Termination): void {
  const place = findContainer(turn.state, containerId);
  if (place === undefined) return;
  const { framework, executor, task } = place;
  if (executor.phase === 'terminated') return;
  if (termination.reason === 'launchFailed') turn.state.counters.containerLaunchErrors++;
  if (executor.kind === 'custom') {
    endLeftTasks(turn, framework, executor, termination);
    endExecutor(turn, framework, executor, termination);
  } else if (task !== undefined) {
    endTask(turn, framework, executor, task, endOf(task, termination));
    if (executor.kind === 'group') {
      endGroupOf(turn, framework, executor, task);
      turn.actions.push({ type: 'release', containerId });
    }
    const isOver = [...executor.tasks.values()].every(({ phase }) => phase === 'ended');
    if (isOver) endExecutor(turn, framework, executor, termination);
  }
}

export function onHealth(turn: Turn, event: { containerId: string; healthy: boolean; kill: boolean }): void {
  const place = findContainer(turn.state, event.containerId);
  const task = place?.task;
  if (place === undefined || task === undefined || isTerminal(task.task.state)) return;
  const { framework, executor } = place;
  task.healthy = event.healthy;
  const { TASK_HEALTH_CHECK_STATUS_UPDATED: reason } = TaskStatus_Reason;
  const state = TaskState.TASK_RUNNING;
  if (task.kill === undefined) {
    reportTask(turn, framework, executor, task, { state, source, reason, healthy: event.healthy });
  }
  const message = 'Health check failed too often';
  if (event.kill) killTask(turn, { framework, executor, task }, { kill: { state: 'killed', message } });
}
