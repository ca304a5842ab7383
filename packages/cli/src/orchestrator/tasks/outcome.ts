/** How a task ended, as an exit code. */
import { TaskState } from '@orchestrator/mesos';

const signals: Readonly<Record<string, number>> = { Hangup: 1, Interrupt: 2, Killed: 9, Terminated: 15 };
const signalBase = 128;
const failed = 1;

/**
 * No field of a status holds the exit code of a task; agents tell it in their message: `Command exited with status 3`,
 * `Command terminated with signal Killed`.
 */
export function exitCodeOf(state: TaskState, message: string): number {
  if (state === TaskState.TASK_FINISHED) return 0;
  const status = /with status (\d+)/.exec(message)?.[1];
  if (status !== undefined && Number(status) !== 0) return Number(status);
  const signal = /with signal (\w+)/.exec(message)?.[1];
  if (signal !== undefined) return signalBase + (signals[signal] ?? 0);
  return failed;
}
