/** Statuses that the master makes itself. They carry no uuid: nobody acknowledges them, and a framework asks if it missed one. */
import {
  makeMessage,
  scheduler,
  type TaskState,
  type TaskStatus_Reason,
  TaskStatus_Source,
  TaskStatusSchema,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import { type MasterContext, toFramework } from './context.ts';
import { count } from './framework-figures.ts';
import type { FrameworkRecord } from './records.ts';
import { metricNameOf, visibleState } from './task-state.ts';

export interface StatusFacts {
  readonly taskId: string;
  readonly state: TaskState;
  readonly reason: TaskStatus_Reason;
  readonly message?: string;
  readonly agentId?: string | undefined;
  readonly executorId?: string | undefined;
  readonly unreachableAtNs?: bigint | undefined;
  /** A status that an executor or agent made, whose facts are repeated. */
  readonly latest?: TaskStatusValid | undefined;
}

export function masterStatus(
  context: MasterContext,
  framework: FrameworkRecord,
  facts: StatusFacts,
): TaskStatusValid {
  const { taskId, state, reason, message, agentId, executorId, unreachableAtNs, latest } = facts;
  return makeMessage(TaskStatusSchema, {
    taskId: { value: taskId },
    state: visibleState(framework, state),
    source: TaskStatus_Source.MASTER,
    reason,
    timestamp: context.nowMs / 1000,
    ...(message === undefined ? {} : { message }),
    ...(agentId === undefined ? {} : { agentId: { value: agentId } }),
    ...(executorId === undefined || executorId === '' ? {} : { executorId: { value: executorId } }),
    ...(unreachableAtNs === undefined ? {} : { unreachableTime: { nanoseconds: unreachableAtNs } }),
    ...(latest === undefined || !Object.hasOwn(latest, 'healthy') ? {} : { healthy: latest.healthy }),
    ...(latest?.checkStatus === undefined ? {} : { checkStatus: latest.checkStatus }),
    ...(latest?.containerStatus === undefined ? {} : { containerStatus: latest.containerStatus }),
    ...(latest?.labels === undefined ? {} : { labels: latest.labels }),
  });
}

export function sendStatus(
  context: MasterContext,
  framework: FrameworkRecord,
  status: TaskStatusValid,
  pid?: string,
): void {
  const event = makeMessage(scheduler.EventSchema, {
    type: scheduler.Event_Type.UPDATE,
    update: { status },
  });
  toFramework(context, framework, event, pid === undefined ? undefined : { updatePid: pid });
}

/** For a task that never came to be: the framework hears of it and nothing is kept. */
export function refuseTask(context: MasterContext, framework: FrameworkRecord, facts: StatusFacts): void {
  const status = masterStatus(context, framework, facts);
  context.counters.add(`master/tasks_${metricNameOf(status.state)}`);
  count(framework.figures.ended, status.state);
  sendStatus(context, framework, status);
}
