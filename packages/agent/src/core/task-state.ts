import { FrameworkInfo_Capability_Type, type FrameworkInfoValid, TaskState } from '@orchestrator/mesos';

/** What became of a task that never ran: frameworks that know nothing of partitions only know LOST. */
export const droppedFor = (info: Pick<FrameworkInfoValid, 'capabilities'> | undefined) =>
  info?.capabilities.some(({ type }) => type === FrameworkInfo_Capability_Type.PARTITION_AWARE) === true
    ? TaskState.TASK_DROPPED
    : TaskState.TASK_LOST;
