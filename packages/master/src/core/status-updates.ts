/** Status updates on their way up, acknowledgements on their way down. */
import {
  internal,
  isTerminal,
  makeMessage,
  type scheduler,
  scheduler as schedulerApi,
} from '@orchestrator/mesos';
import { log, type MasterContext, toAgent, toFramework } from './context.ts';
import { maybeDrained } from './drain.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';
import { sendStatus } from './statuses.ts';
import { removeExecutor, removeTask, updateTask } from './tasks.ts';

/**
 * From an agent. The framework gets it first; what is kept here only follows. An agent that is not known any more is not
 * answered: it registers again, and its tasks with it.
 */
export function onStatusUpdate(
  context: MasterContext,
  agent: AgentRecord,
  message: internal.StatusUpdateMessageValid,
): void {
  const { update, pid } = message;
  const framework = context.state.frameworks.get(update.frameworkId.value);
  if (framework === undefined) {
    context.counters.add('master/invalid_status_updates');
    log(context, 'warn', 'status update for an unknown framework', {
      frameworkId: update.frameworkId.value,
    });
    return;
  }
  const { status } = update;
  if (status.agentId === undefined && update.agentId !== undefined) status.agentId = update.agentId;
  if (status.executorId === undefined && update.executorId !== undefined)
    status.executorId = update.executorId;
  if (!Object.hasOwn(status, 'timestamp')) status.timestamp = update.timestamp;
  if (!Object.hasOwn(status, 'uuid') && Object.hasOwn(update, 'uuid')) status.uuid = update.uuid;
  sendStatus(context, framework, status, pid === '' ? undefined : pid);
  const task = agent.tasks.get(framework.id)?.get(status.taskId.value);
  if (task === undefined) {
    context.counters.add('master/invalid_status_updates');
    return;
  }
  context.counters.add('master/valid_status_updates');
  const latest = Object.hasOwn(update, 'latestState') ? update.latestState : status.state;
  updateTask(context, task, status, latest);
  // Without a uuid nobody will acknowledge it.
  if (!Object.hasOwn(status, 'uuid') && isTerminal(status.state)) {
    removeTask(context, task, 'completed');
    maybeDrained(context, agent);
  }
}

const sameBytes = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;

/** From a framework. With its last update a task leaves the books. */
export function acknowledge(
  context: MasterContext,
  framework: FrameworkRecord,
  call: scheduler.Call_AcknowledgeValid,
): void {
  const { agentId, taskId, uuid } = call;
  const agent = context.state.agents.get(agentId.value);
  if (agent === undefined || !agent.connected) {
    context.counters.add('master/invalid_status_update_acknowledgements');
    return;
  }
  const task = agent.tasks.get(framework.id)?.get(taskId.value);
  if (task !== undefined) {
    const { message } = task;
    const current = Object.hasOwn(message, 'statusUpdateUuid') && sameBytes(message.statusUpdateUuid, uuid);
    const last = message.statusUpdateState !== undefined && isTerminal(message.statusUpdateState);
    if (current && last) removeTask(context, task, 'completed');
  }
  context.counters.add('master/valid_status_update_acknowledgements');
  toAgent(
    context,
    agent.pid,
    'StatusUpdateAcknowledgementMessage',
    makeMessage(internal.StatusUpdateAcknowledgementMessageSchema, {
      ...{ agentId, taskId, uuid },
      frameworkId: { value: framework.id },
    }),
  );
  maybeDrained(context, agent);
}

/** An executor has ended, as its agent says. */
export function onExecutorExited(
  context: MasterContext,
  agent: AgentRecord,
  { frameworkId, executorId, agentId, status }: internal.ExitedExecutorMessageValid,
): void {
  const framework = context.state.frameworks.get(frameworkId.value);
  if (framework === undefined) return;
  removeExecutor(context, framework, agent, executorId.value);
  const { Event_Type, EventSchema } = schedulerApi;
  const failure = { agentId, executorId, status };
  toFramework(context, framework, makeMessage(EventSchema, { type: Event_Type.FAILURE, failure }));
}

/** Bytes of an executor for its framework. */
export function onExecutorMessage(
  context: MasterContext,
  { frameworkId, executorId, agentId, data }: internal.ExecutorToFrameworkMessageValid,
): void {
  const framework = context.state.frameworks.get(frameworkId.value);
  if (framework?.connection === undefined) {
    context.counters.add('master/invalid_executor_to_framework_messages');
    return;
  }
  context.counters.add('master/valid_executor_to_framework_messages');
  const { Event_Type, EventSchema } = schedulerApi;
  const message = { agentId, executorId, data };
  toFramework(context, framework, makeMessage(EventSchema, { type: Event_Type.MESSAGE, message }));
}
