/** Ends of tasks, executors and frameworks that somebody asks for. */
import {
  FrameworkInfo_Capability_Type,
  type internal,
  isTerminal,
  type KillPolicyValid,
  TaskState,
  TaskStatus_Reason,
  TaskStatus_Source,
} from '@orchestrator/mesos';
import { endExecutor, endTask } from './ends.ts';
import { sendKill, sendShutdown } from './executor-events.ts';
import { tidy } from './frameworks.ts';
import type { ExecutorRecord, FrameworkRecord, KillRequest, TaskRecord } from './records.ts';
import { reportTask, reportUnknown } from './status.ts';
import { droppedFor } from './task-state.ts';
import { findTask, hasCapability, hasEnded, log, type Place, type Turn, timer } from './turn.ts';
import { saveTask } from './updates.ts';

interface KillOptions {
  kill: KillRequest;
  /** Instead of the task's own. */
  killPolicy?: KillPolicyValid | undefined;
}

/** Between asking it to end and ending it, in milliseconds. */
export function graceOf(turn: Turn, task: TaskRecord, killPolicy: KillPolicyValid | undefined): number {
  const period = (killPolicy ?? task.info.killPolicy)?.gracePeriod;
  const graceMs = period === undefined ? turn.state.options.killGraceMs : Number(period.nanoseconds) / 1e6;
  return Math.max(0, graceMs);
}

/** A repeated kill may shorten the grace; the first one says why. */
export function killTask(turn: Turn, place: Place & { task: TaskRecord }, options: KillOptions): void {
  const { framework, executor, task } = place;
  if (task.phase === 'ended') return;
  const isFirst = task.kill === undefined;
  task.kill ??= options.kill;
  saveTask(turn, framework, executor, task);
  if (executor.kind === 'custom') {
    killInExecutor(turn, place, options);
    return;
  }
  const graceMs = graceOf(turn, task, options.killPolicy);
  turn.actions.push({ type: 'kill', containerId: task.containerId, graceMs });
  if (isFirst && hasCapability(framework, FrameworkInfo_Capability_Type.TASK_KILLING_STATE)) {
    const { TASK_KILLING: state } = TaskState;
    const { message } = task.kill;
    reportTask(turn, framework, executor, task, { state, message, source: TaskStatus_Source.EXECUTOR });
  }
}

function killInExecutor(turn: Turn, place: Place & { task: TaskRecord }, options: KillOptions): void {
  const { framework, executor, task } = place;
  const taskId = task.task.taskId.value;
  if (task.phase === 'launched') {
    // Its own policy the executor knows.
    sendKill(turn, place, taskId, options.killPolicy);
    return;
  }
  const { TASK_KILLED_DURING_LAUNCH: reason } = TaskStatus_Reason;
  const message = 'Killed before it was given to its executor';
  const others = task.group === undefined ? [] : [...executor.tasks.values()];
  // A group is given to it as a whole, or not at all.
  for (const each of [task, ...others.filter(({ group }) => group === task.group)])
    endTask(turn, framework, executor, each, { state: TaskState.TASK_KILLED, reason, message });
  const isIdle = [...executor.tasks.values()].every(({ phase }) => phase === 'ended');
  // Started for these tasks alone.
  if (isIdle && executor.phase === 'registering') shutdownExecutor(turn, framework, executor, options.kill);
}

export function onKillTask(turn: Turn, message: internal.KillTaskMessageValid): void {
  const { frameworkId, taskId, killPolicy } = message;
  const place = findTask(turn.state, frameworkId.value, taskId.value);
  if (place !== undefined) {
    const kill: KillRequest = { state: 'killed', message: 'Killed by its framework' };
    killTask(turn, place, { kill, killPolicy });
    return;
  }
  // A repetition: everybody knows already how it ended.
  if (hasEnded(turn.state, frameworkId.value, taskId.value)) return;
  const framework = turn.state.frameworks.get(frameworkId.value);
  reportUnknown(
    turn,
    { frameworkId: frameworkId.value, taskId: taskId.value },
    {
      state: droppedFor(framework?.info),
      reason: TaskStatus_Reason.EXECUTOR_TERMINATED,
      message: 'The agent has no such task',
    },
  );
}

export function shutdownExecutor(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  kill: KillRequest,
): void {
  if (executor.phase === 'terminating' || executor.phase === 'terminated') return;
  executor.phase = 'terminating';
  executor.kill = kill;
  const live = [...executor.tasks.values()].filter(({ phase }) => phase !== 'ended');
  if (executor.kind !== 'custom') {
    for (const task of live) killTask(turn, { framework, executor, task }, { kill });
    if (live.length === 0) endExecutor(turn, framework, executor, undefined);
    return;
  }
  for (const task of live) task.kill ??= kill;
  sendShutdown(turn, { framework, executor });
  const grace = executor.info.shutdownGracePeriod;
  const graceMs =
    grace === undefined ? turn.state.options.executorShutdownGraceMs : Number(grace.nanoseconds) / 1e6;
  // One that never subscribed cannot be asked.
  timer(turn, `grace ${executor.containerId}`, executor.isSubscribed ? graceMs : 0);
}

export function onShutdownExecutor(turn: Turn, message: internal.ShutdownExecutorMessageValid): void {
  const framework = turn.state.frameworks.get(message.frameworkId?.value ?? '');
  const executor = framework?.executors.get(message.executorId?.value ?? '');
  if (framework === undefined || executor === undefined) return;
  const why = 'Its executor was shut down by the framework';
  // What an executor of its own does not tell of before it ends counts as failed, as in Mesos.
  const request: KillRequest =
    executor.kind === 'custom'
      ? { state: 'failed', reason: TaskStatus_Reason.EXECUTOR_TERMINATED, message: why }
      : { state: 'killed', message: why };
  shutdownExecutor(turn, framework, executor, request);
}

export function onShutdownFramework(
  turn: Turn,
  { frameworkId }: internal.ShutdownFrameworkMessageValid,
): void {
  const framework = turn.state.frameworks.get(frameworkId.value);
  if (framework === undefined || framework.phase === 'terminating') return;
  log(turn, 'framework shut down', { frameworkId: framework.id });
  framework.phase = 'terminating';
  const kill: KillRequest = {
    state: 'killed',
    reason: TaskStatus_Reason.FRAMEWORK_REMOVED,
    message: 'The framework was shut down',
  };
  for (const executor of [...framework.executors.values()]) {
    shutdownExecutor(turn, framework, executor, kill);
    // Nobody is left to acknowledge.
    for (const [taskId, { task, phase }] of executor.tasks) {
      if (phase === 'ended' && isTerminal(task.state)) executor.tasks.delete(taskId);
    }
  }
  tidy(turn, framework);
}

export function onCompletionTimer(turn: Turn, frameworkId: string, taskId: string): void {
  const place = findTask(turn.state, frameworkId, taskId);
  if (place === undefined) return;
  const kill: KillRequest = {
    state: 'failed',
    reason: TaskStatus_Reason.MAX_COMPLETION_TIME_REACHED,
    message: 'Task exceeded its max_completion_time',
  };
  killTask(turn, place, { kill });
}
