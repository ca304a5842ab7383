import { TaskState } from '../generated/mesos/v1/task_pb.ts';

const terminal: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_FINISHED,
  TaskState.TASK_FAILED,
  TaskState.TASK_KILLED,
  TaskState.TASK_ERROR,
  TaskState.TASK_LOST,
  TaskState.TASK_DROPPED,
  TaskState.TASK_GONE,
  TaskState.TASK_GONE_BY_OPERATOR,
]);

/** The task has ended and holds nothing any more: no other state follows. */
export const isTerminal = (state: TaskState): boolean => terminal.has(state);
