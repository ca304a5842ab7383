import { FrameworkInfo_Capability_Type, TaskState } from '@orchestrator/mesos';
import type { FrameworkRecord } from './records.ts';
import { hasCapability } from './turn.ts';

const terminal = new Set<TaskState>([
  TaskState.TASK_FINISHED,
  TaskState.TASK_FAILED,
  TaskState.TASK_KILLED,
  TaskState.TASK_ERROR,
  TaskState.TASK_LOST,
  TaskState.TASK_DROPPED,
  TaskState.TASK_GONE,
  TaskState.TASK_GONE_BY_OPERATOR,
]);

export const isTerminal = (state: TaskState) => terminal.has(state);

/** What became of a task that never ran: frameworks that know nothing of partitions only know LOST. */
export const droppedFor = (framework: FrameworkRecord | undefined) =>
  framework !== undefined && hasCapability(framework, FrameworkInfo_Capability_Type.PARTITION_AWARE)
    ? TaskState.TASK_DROPPED
    : TaskState.TASK_LOST;
