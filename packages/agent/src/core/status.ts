/** Makes the updates that the agent itself has to tell. */
import {
  type CheckStatusInfo,
  FrameworkInfo_Capability_Type,
  internal,
  makeMessage,
  type Resources,
  TaskState,
  TaskStatus_Reason,
  TaskStatus_Source,
} from '@orchestrator/mesos';
import { containerStatusOf } from './container-status.ts';
import type { ExecutorRecord, FrameworkRecord, TaskRecord } from './records.ts';
import { hasCapability, type Turn } from './turn.ts';
import { takeUnheard, takeUpdate } from './updates.ts';

export interface Report {
  state: TaskState;
  message?: string;
  reason?: TaskStatus_Reason;
  healthy?: boolean;
  checkStatus?: CheckStatusInfo;
  /** Resources whose limit it went beyond. */
  limitation?: Resources;
  /** Default: the agent. Tasks without an executor of their own are told of as if they had one. */
  source?: (typeof TaskStatus_Source)[keyof typeof TaskStatus_Source];
}

interface Subject {
  frameworkId: string;
  taskId: string;
  executorId?: string | undefined;
  executor?: ExecutorRecord;
  task?: TaskRecord;
}

function makeUpdate(turn: Turn, subject: Subject, report: Report): internal.StatusUpdateValid {
  const { state, nowMs } = turn;
  const { executor, task } = subject;
  const uuid = state.options.newUuid();
  const timestamp = nowMs / 1000;
  const agentId = state.info.id;
  const executorId = subject.executorId === undefined ? {} : { executorId: { value: subject.executorId } };
  const { source = TaskStatus_Source.AGENT, limitation, ...said } = report;
  const containerStatus =
    executor === undefined || task === undefined ? undefined : containerStatusOf(state, executor, task);
  const shared = { ...(agentId !== undefined && { agentId }), ...executorId, timestamp, uuid };
  return makeMessage(internal.StatusUpdateSchema, {
    ...shared,
    frameworkId: { value: subject.frameworkId },
    status: {
      ...shared,
      ...said,
      source,
      taskId: { value: subject.taskId },
      ...(containerStatus !== undefined && { containerStatus }),
      ...(limitation !== undefined && { limitation: { resources: limitation.toMessages() } }),
    },
  });
}

/**
 * While an agent is drained whatever kills a task is called that, and in the end, if the agent is not to come back, the
 * task is gone. (Mesos calls one that is still being killed gone already, and so loses sight of it.)
 */
export function whileDrained<Status extends { state: TaskState; reason?: TaskStatus_Reason }>(
  { state: { drain } }: Turn,
  framework: FrameworkRecord,
  status: Status,
): Status {
  const { TASK_KILLED, TASK_KILLING, TASK_GONE_BY_OPERATOR } = TaskState;
  const isEnd = status.state === TASK_KILLED;
  if (drain === undefined || !(isEnd || status.state === TASK_KILLING)) return status;
  const isGone =
    isEnd && drain.config.markGone && hasCapability(framework, FrameworkInfo_Capability_Type.PARTITION_AWARE);
  return {
    ...status,
    reason: TaskStatus_Reason.AGENT_DRAINING,
    ...(isGone && { state: TASK_GONE_BY_OPERATOR }),
  };
}

/** Of a task that the agent has. */
export function reportTask(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  task: TaskRecord,
  report: Report,
): void {
  if (framework.phase === 'terminating') {
    takeUnheard(turn, { framework, executor, task }, report.state);
    return;
  }
  const executorId = executor.info.executorId.value;
  const taskId = task.task.taskId.value;
  const subject = { frameworkId: framework.id, taskId, executorId, executor, task };
  takeUpdate(turn, makeUpdate(turn, subject, whileDrained(turn, framework, report)));
}

/** Of one that it does not have: it never came to run. */
export function reportUnknown(
  turn: Turn,
  subject: { frameworkId: string; taskId: string; executorId?: string | undefined },
  report: Report,
): void {
  takeUpdate(turn, makeUpdate(turn, subject, report));
}
