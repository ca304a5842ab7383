/** Tasks and executors that are over. */
import { internal, makeMessage } from '@orchestrator/mesos';
import type { Termination } from '../container/machine.ts';
import { tidy } from './frameworks.ts';
import type { ExecutorRecord, FrameworkRecord, TaskRecord } from './records.ts';
import { type Report, reportTask } from './status.ts';
import { cancelTimer, sendToMaster, type Turn } from './turn.ts';

export function endTask(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  task: TaskRecord,
  report: Report,
): void {
  cancelTimer(turn, `completion ${framework.id} ${task.task.taskId.value}`);
  if (task.phase === 'ended') return;
  const healthy = task.healthy === undefined ? {} : { healthy: task.healthy };
  reportTask(turn, framework, executor, task, { ...healthy, ...report });
}

/** Wait status as the kernel gives it: the code, or the signal of those that a signal ended. */
export const waitStatus = (exitCode: number | undefined) =>
  exitCode === undefined ? -1 : exitCode > 128 ? exitCode - 128 : exitCode << 8;

export function endExecutor(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  termination: Termination | undefined,
): void {
  executor.phase = 'terminated';
  executor.isSubscribed = false;
  cancelTimer(turn, `executor ${executor.containerId}`);
  cancelTimer(turn, `grace ${executor.containerId}`);
  turn.actions.push({ type: 'closeSession', containerId: executor.containerId });
  turn.state.counters.executorsTerminated++;
  if (executor.kind !== 'command') {
    const status = executor.kind === 'group' ? 0 : waitStatus(termination?.exitCode);
    tellExited(turn, framework.id, executor.info.executorId.value, status);
  }
  tidy(turn, framework);
}

/** Masters keep the resources of an executor until then. */
export function tellExited(turn: Turn, frameworkId: string, executorId: string, status: number): void {
  const agentId = turn.state.info.id;
  if (agentId === undefined) return;
  const { ExitedExecutorMessageSchema: schema } = internal;
  const ids = { agentId, frameworkId: { value: frameworkId }, executorId: { value: executorId } };
  sendToMaster(turn, schema, makeMessage(schema, { ...ids, status }));
}
