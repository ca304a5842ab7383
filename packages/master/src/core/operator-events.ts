/** What subscribers of the operator API hear. */
import { makeMessage, master, type TaskStatusValid } from '@orchestrator/mesos';
import type { MasterContext } from './context.ts';
import type { AgentRecord, FrameworkRecord, TaskRecord } from './records.ts';
import { agentMessage, frameworkMessage } from './views.ts';

const { Event_Type: type, EventSchema } = master;

/** None are made while nobody listens: there is one for each step of each task. */
function emit(context: MasterContext, event: () => master.EventValid): void {
  if (context.isWatched) context.actions.push({ type: 'operator-event', event: event() });
}

export function tellTaskAdded(context: MasterContext, task: TaskRecord): void {
  emit(context, () => makeMessage(EventSchema, { type: type.TASK_ADDED, taskAdded: { task: task.message } }));
}

export function tellTaskUpdated(context: MasterContext, task: TaskRecord, status: TaskStatusValid): void {
  const { frameworkId, message } = task;
  emit(context, () =>
    makeMessage(EventSchema, {
      type: type.TASK_UPDATED,
      taskUpdated: { frameworkId: { value: frameworkId }, status, state: message.state },
    }),
  );
}

export function tellAgentAdded(context: MasterContext, agent: AgentRecord): void {
  emit(context, () =>
    makeMessage(EventSchema, { type: type.AGENT_ADDED, agentAdded: { agent: agentMessage(agent) } }),
  );
}

/** Only of agents that left for good by themselves: those that are unreachable or gone are told of by their tasks. */
export function tellAgentRemoved(context: MasterContext, agentId: string): void {
  emit(context, () =>
    makeMessage(EventSchema, { type: type.AGENT_REMOVED, agentRemoved: { agentId: { value: agentId } } }),
  );
}

export function tellFrameworkAdded(context: MasterContext, framework: FrameworkRecord): void {
  emit(context, () => {
    const message = frameworkMessage(framework);
    return makeMessage(EventSchema, { type: type.FRAMEWORK_ADDED, frameworkAdded: { framework: message } });
  });
}

export function tellFrameworkUpdated(context: MasterContext, framework: FrameworkRecord): void {
  emit(context, () => {
    const message = frameworkMessage(framework);
    return makeMessage(EventSchema, {
      type: type.FRAMEWORK_UPDATED,
      frameworkUpdated: { framework: message },
    });
  });
}

export function tellFrameworkRemoved(context: MasterContext, framework: FrameworkRecord): void {
  emit(context, () =>
    makeMessage(EventSchema, {
      type: type.FRAMEWORK_REMOVED,
      frameworkRemoved: { frameworkInfo: framework.info },
    }),
  );
}
