import { FrameworkInfo_Capability_Type, TaskState } from '@orchestrator/mesos';
import type { FrameworkRecord } from './records.ts';
import { hasCapability } from './turn.ts';

/** What became of a task that never ran: frameworks that know nothing of partitions only know LOST. */
export const droppedFor = (framework: FrameworkRecord | undefined) =>
  framework !== undefined && hasCapability(framework, FrameworkInfo_Capability_Type.PARTITION_AWARE)
    ? TaskState.TASK_DROPPED
    : TaskState.TASK_LOST;
