/** What executors are told: over their stream, or as messages of libprocess where they came by those. */
import {
  FrameworkIDSchema,
  internal,
  type KillPolicyValid,
  makeMessage,
  executor as protocol,
  type TaskInfoValid,
} from '@orchestrator/mesos';
import { type Place, send, type Turn } from './turn.ts';

type EventInit = Parameters<typeof makeMessage<typeof protocol.EventSchema>>[1];

/** To those that speak the v1 API. */
function sendEvent(turn: Turn, { executor: { containerId, isSubscribed } }: Place, event: EventInit): void {
  if (!isSubscribed) return;
  turn.actions.push({ type: 'event', containerId, event: makeMessage(protocol.EventSchema, event) });
}

const { Event_Type: type } = protocol;

/** @param isFirst it has not been here before, as far as this agent knows */
export function sendSubscribed(turn: Turn, place: Place, isFirst: boolean): void {
  const { framework, executor } = place;
  const { info: agentInfo } = turn.state;
  const agentId = agentInfo.id;
  if (executor.pid === undefined) {
    const { info: executorInfo, containerId } = executor;
    const shared = { executorInfo, frameworkInfo: framework.info, agentInfo };
    const subscribed = { ...shared, containerId: { value: containerId } };
    sendEvent(turn, place, { type: type.SUBSCRIBED, subscribed });
  } else if (agentId !== undefined && isFirst) {
    const { ExecutorRegisteredMessageSchema: schema } = internal;
    const frameworkId = makeMessage(FrameworkIDSchema, { value: framework.id });
    const message = {
      ...{ agentId, agentInfo, frameworkId, frameworkInfo: framework.info },
      executorInfo: { ...executor.info, frameworkId },
    };
    send(turn, executor.pid, schema, makeMessage(schema, message));
  } else if (agentId !== undefined) {
    const { ExecutorReregisteredMessageSchema: schema } = internal;
    send(turn, executor.pid, schema, makeMessage(schema, { agentId, agentInfo }));
  }
}

export function sendLaunch(turn: Turn, place: Place, tasks: readonly TaskInfoValid[]): void {
  const { framework, executor } = place;
  for (const task of tasks) {
    if (executor.pid === undefined) {
      sendEvent(turn, place, { type: type.LAUNCH, launch: { task } });
      continue;
    }
    const { RunTaskMessageSchema: schema } = internal;
    const message = { framework: framework.info, task, pid: framework.pid ?? '' };
    send(turn, executor.pid, schema, makeMessage(schema, message));
  }
}

/** Whole, where there are words for it: executors from before the v1 API hear of one task at a time. */
export function sendLaunchGroup(turn: Turn, place: Place, tasks: readonly TaskInfoValid[]): void {
  if (place.executor.pid === undefined)
    sendEvent(turn, place, { type: type.LAUNCH_GROUP, launchGroup: { taskGroup: { tasks: [...tasks] } } });
  else sendLaunch(turn, place, tasks);
}

export function sendKill(
  turn: Turn,
  place: Place,
  taskId: string,
  killPolicy: KillPolicyValid | undefined,
): void {
  const { framework, executor } = place;
  const kill = { taskId: { value: taskId }, ...(killPolicy && { killPolicy }) };
  if (executor.pid === undefined) {
    sendEvent(turn, place, { type: type.KILL, kill });
    return;
  }
  const { KillTaskMessageSchema: schema } = internal;
  const frameworkId = { value: framework.id };
  send(turn, executor.pid, schema, makeMessage(schema, { ...kill, frameworkId }));
}

export function sendAcknowledged(turn: Turn, place: Place, taskId: string, uuid: Uint8Array): void {
  const { framework, executor } = place;
  const acknowledged = { taskId: { value: taskId }, uuid };
  const agentId = turn.state.info.id;
  if (executor.pid === undefined) {
    sendEvent(turn, place, { type: type.ACKNOWLEDGED, acknowledged });
  } else if (agentId !== undefined) {
    const { StatusUpdateAcknowledgementMessageSchema: schema } = internal;
    const message = { ...acknowledged, agentId, frameworkId: { value: framework.id } };
    send(turn, executor.pid, schema, makeMessage(schema, message));
  }
}

export function sendShutdown(turn: Turn, place: Place): void {
  const { pid } = place.executor;
  if (pid === undefined) sendEvent(turn, place, { type: type.SHUTDOWN });
  else sendShutdownTo(turn, pid);
}

/** Also to one that has no place here. */
export function sendShutdownTo(turn: Turn, pid: string): void {
  const { ShutdownExecutorMessageSchema: schema } = internal;
  send(turn, pid, schema, makeMessage(schema, {}));
}

export function sendData(turn: Turn, place: Place, data: Uint8Array): void {
  const { framework, executor } = place;
  const agentId = turn.state.info.id;
  if (executor.pid === undefined) {
    sendEvent(turn, place, { type: type.MESSAGE, message: { data } });
  } else if (agentId !== undefined) {
    const { FrameworkToExecutorMessageSchema: schema } = internal;
    const { executorId } = executor.info;
    const message = { agentId, frameworkId: { value: framework.id }, executorId, data };
    send(turn, executor.pid, schema, makeMessage(schema, message));
  }
}

/** After a restart of the agent: it answers with what it has. */
export function sendReconnect(turn: Turn, pid: string): void {
  const { ReconnectExecutorMessageSchema: schema } = internal;
  const agentId = turn.state.info.id;
  if (agentId !== undefined) send(turn, pid, schema, makeMessage(schema, { agentId }));
}
