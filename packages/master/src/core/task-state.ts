import { isTerminal, TaskState } from '@orchestrator/mesos';
import type { FrameworkRecord } from './records.ts';

export const isPartitionAware = (framework: FrameworkRecord) => framework.capabilities.has('PARTITION_AWARE');

/** Frameworks without PARTITION_AWARE know of one way only in which a task can be away. */
export function visibleState(framework: FrameworkRecord, state: TaskState): TaskState {
  if (isPartitionAware(framework)) return state;
  switch (state) {
    case TaskState.TASK_UNREACHABLE:
    case TaskState.TASK_GONE:
    case TaskState.TASK_GONE_BY_OPERATOR:
    case TaskState.TASK_DROPPED:
    case TaskState.TASK_UNKNOWN:
      return TaskState.TASK_LOST;
    default:
      return state;
  }
}

/** After these nothing comes any more. */
export const terminalStates = Object.values(TaskState).filter(isTerminal);

const names = new Map<number, string>(Object.entries(TaskState).map(([name, value]) => [value, name]));

/** `running` of TASK_RUNNING, as metrics name it. */
export const metricNameOf = (state: TaskState) =>
  (names.get(state) ?? '').slice('TASK_'.length).toLowerCase();
