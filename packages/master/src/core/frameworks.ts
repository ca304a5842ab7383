/** The life of a framework: it subscribes, moves to another connection, goes quiet, changes, and is removed. */
import {
  FrameworkIDSchema,
  type FrameworkInfoValid,
  internal,
  isTerminal,
  makeMessage,
  scheduler,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { BoundedMap } from './bounded-map.ts';
import { log, type MasterContext, toAgent, toFramework } from './context.ts';
import { count, newFrameworkFigures } from './framework-figures.ts';
import { capabilitiesOf, rolesOf } from './framework-validation.ts';
import { frameworkFacts } from './holdings.ts';
import { discardOffersTo, rescindOffer } from './offers.ts';
import { removeOperation } from './operations.ts';
import { tellFrameworkAdded, tellFrameworkRemoved, tellFrameworkUpdated } from './operator-events.ts';
import type { Connection, FrameworkRecord } from './records.ts';
import { masterStatus } from './statuses.ts';
import { removeExecutor, removeTask, updateTask } from './tasks.ts';

const { Call_Type, Event_Type, EventSchema } = scheduler;

/** Heartbeats of streams; clients take five missed ones for a partition. */
export const heartbeatIntervalMs = 15_000;

export interface Subscription {
  readonly info: FrameworkInfoValid;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: scheduler.OfferConstraintsValid | undefined;
}

export const sameConnection = (left: Connection | undefined, right: Connection) =>
  left?.kind === 'http'
    ? right.kind === 'http' && left.connectionId === right.connectionId
    : left?.kind === 'driver' && right.kind === 'driver' && left.pid === right.pid;

/** A framework in the books; without a connection it is known from its tasks only. */
export function addFramework(
  context: MasterContext,
  id: string,
  info: FrameworkInfoValid,
  connection: Connection | undefined,
): FrameworkRecord {
  const { options, nowMs } = context;
  const framework: FrameworkRecord = {
    id,
    info,
    roles: rolesOf(info),
    suppressedRoles: new Set(),
    offerConstraints: undefined,
    capabilities: capabilitiesOf(info),
    connection,
    active: connection !== undefined,
    recovered: connection === undefined,
    registeredAtMs: connection === undefined ? undefined : nowMs,
    reregisteredAtMs: undefined,
    unregisteredAtMs: undefined,
    tasks: new Map(),
    used: new Map(),
    unreachableTasks: new BoundedMap(options.maxUnreachableTasksPerFramework),
    completedTasks: new BoundedMap(options.maxCompletedTasksPerFramework),
    offers: new Set(),
    inverseOffers: new Set(),
    operations: new Map(),
    figures: newFrameworkFigures(),
  };
  context.state.frameworks.set(framework.id, framework);
  return framework;
}

/** Sends what the framework subscribed for: who it is, and a first sign of life. */
function welcome(context: MasterContext, framework: FrameworkRecord): void {
  count(framework.figures.calls, Call_Type.SUBSCRIBE);
  const subscribed = {
    frameworkId: { value: framework.id },
    heartbeatIntervalSeconds: heartbeatIntervalMs / 1000,
    masterInfo: context.options.masterInfo,
  };
  toFramework(context, framework, makeMessage(EventSchema, { type: Event_Type.SUBSCRIBED, subscribed }));
  if (framework.connection?.kind === 'http') {
    toFramework(context, framework, makeMessage(EventSchema, { type: Event_Type.HEARTBEAT }));
  }
}

function adopt(framework: FrameworkRecord, { info, suppressedRoles, offerConstraints }: Subscription): void {
  framework.info = info;
  framework.roles = rolesOf(info);
  framework.capabilities = capabilitiesOf(info);
  framework.suppressedRoles = new Set(suppressedRoles);
  framework.offerConstraints = offerConstraints;
}

/** The first subscription under this id with this master, or since a failover of the master. */
export function subscribeNew(
  context: MasterContext,
  subscription: Subscription,
  connection: Connection,
): void {
  const { state, options } = context;
  const given = subscription.info.id?.value ?? '';
  const id =
    given === '' ? `${options.masterInfo.id}-${String(state.nextFrameworkNumber++).padStart(4, '0')}` : given;
  const { info } = subscription;
  if (info.id === undefined) Object.assign(info, { id: makeMessage(FrameworkIDSchema, { value: id }) });
  else info.id.value = id;
  const framework = addFramework(context, id, info, connection);
  adopt(framework, subscription);
  if (connection.kind === 'driver') state.frameworkIdByPid.set(connection.pid, id);
  context.allocator.setFramework(id, frameworkFacts(framework));
  log(context, 'info', 'framework subscribed', { frameworkId: id, name: info.name });
  welcome(context, framework);
  tellFrameworkAdded(context, framework);
}

/** Ends the stream of whoever was subscribed before. */
function failOver(context: MasterContext, framework: FrameworkRecord, next: Connection): void {
  const { connection } = framework;
  if (connection === undefined || sameConnection(connection, next)) return;
  const error = { message: 'Framework failed over' };
  toFramework(context, framework, makeMessage(EventSchema, { type: Event_Type.ERROR, error }));
  if (connection.kind === 'driver') context.state.frameworkIdByPid.delete(connection.pid);
  context.actions.push({ type: 'close-framework', connection });
}

/** A framework that is known subscribes again: after a failover of its own, or of the master. */
export function subscribeAgain(
  context: MasterContext,
  framework: FrameworkRecord,
  subscription: Subscription,
  connection: Connection,
): void {
  const { state, nowMs } = context;
  const wasRecovered = framework.recovered;
  failOver(context, framework, connection);
  discardOffersTo(context, framework);
  // What cannot change stays as it was.
  if (!wasRecovered) {
    subscription.info.user = framework.info.user;
    subscription.info.checkpoint = framework.info.checkpoint;
  }
  adopt(framework, subscription);
  framework.connection = connection;
  framework.active = true;
  framework.recovered = false;
  if (framework.registeredAtMs === undefined) framework.registeredAtMs = nowMs;
  framework.reregisteredAtMs = nowMs;
  framework.unregisteredAtMs = undefined;
  context.timers.cancel(`failover ${framework.id}`);
  if (connection.kind === 'driver') state.frameworkIdByPid.set(connection.pid, framework.id);
  context.allocator.setFramework(framework.id, frameworkFacts(framework));
  context.allocator.setFrameworkActive(framework.id, true);
  log(context, 'info', 'framework subscribed again', { frameworkId: framework.id });
  welcome(context, framework);
  tellAgentsOf(context, framework);
  if (wasRecovered) tellFrameworkAdded(context, framework);
  else tellFrameworkUpdated(context, framework);
}

/** Agents that run something of it learn where it is now. */
export function tellAgentsOf(context: MasterContext, framework: FrameworkRecord): void {
  for (const agent of context.state.agents.values()) {
    if (!agent.connected || !(agent.tasks.has(framework.id) || agent.executors.has(framework.id))) continue;
    toAgent(context, agent.pid, 'UpdateFrameworkMessage', updateMessage(framework));
  }
}

export function updateMessage(framework: FrameworkRecord) {
  const pid = framework.connection?.kind === 'driver' ? framework.connection.pid : '@0.0.0.0:0';
  return makeMessage(internal.UpdateFrameworkMessageSchema, {
    frameworkId: { value: framework.id },
    pid,
    frameworkInfo: framework.info,
  });
}

/** UPDATE_FRAMEWORK: other roles, capabilities, time-out; the connection stays. */
export function updateFramework(
  context: MasterContext,
  framework: FrameworkRecord,
  subscription: Subscription,
): void {
  count(framework.figures.calls, Call_Type.UPDATE_FRAMEWORK);
  adopt(framework, subscription);
  for (const offer of [...framework.offers]) {
    if (!framework.roles.includes(offer.role)) rescindOffer(context, offer);
  }
  context.allocator.setFramework(framework.id, frameworkFacts(framework));
  tellAgentsOf(context, framework);
  tellFrameworkUpdated(context, framework);
}

/** Its stream ended or its driver went quiet: tasks go on, and it has its time-out to come back. */
export function disconnectFramework(context: MasterContext, framework: FrameworkRecord): void {
  const { connection, info } = framework;
  if (connection === undefined) return;
  if (connection.kind === 'driver') {
    context.state.frameworkIdByPid.delete(connection.pid);
    context.actions.push({ type: 'unlink', pid: connection.pid });
  }
  framework.connection = undefined;
  deactivateFramework(context, framework);
  framework.unregisteredAtMs = context.nowMs;
  const timeoutMs = Math.max(0, info.failoverTimeout * 1000);
  log(context, 'info', 'framework disconnected', { frameworkId: framework.id, failoverTimeoutMs: timeoutMs });
  context.timers.set(`failover ${framework.id}`, context.steadyMs + timeoutMs, {
    type: 'failover',
    frameworkId: framework.id,
  });
  tellFrameworkUpdated(context, framework);
}

/** No offers any more. */
export function deactivateFramework(context: MasterContext, framework: FrameworkRecord): void {
  framework.active = false;
  context.allocator.setFrameworkActive(framework.id, false);
  discardOffersTo(context, framework);
}

/** Ends it for good: its tasks are killed, and it may not come back under this id while this master leads. */
export function removeFramework(context: MasterContext, framework: FrameworkRecord, why: string): void {
  const { state } = context;
  const { id, connection } = framework;
  log(context, 'info', 'framework removed', { frameworkId: id, why });
  discardOffersTo(context, framework);
  framework.active = false;
  const frameworkId = { value: id };
  const shutdown = makeMessage(internal.ShutdownFrameworkMessageSchema, { frameworkId });
  for (const agent of state.agents.values()) {
    if (!agent.tasks.has(id) && !agent.executors.has(id)) continue;
    if (agent.connected) toAgent(context, agent.pid, 'ShutdownFrameworkMessage', shutdown);
    for (const task of [...(agent.tasks.get(id)?.values() ?? [])]) {
      if (!isTerminal(task.message.state)) {
        const status = masterStatus(context, framework, {
          taskId: task.taskId,
          agentId: agent.id,
          state: TaskState.TASK_KILLED,
          reason: TaskStatus_Reason.FRAMEWORK_REMOVED,
          message: `Framework ${id} removed`,
        });
        updateTask(context, task, status);
      }
      removeTask(context, task, 'completed');
    }
    for (const executorId of [...(agent.executors.get(id)?.keys() ?? [])]) {
      removeExecutor(context, framework, agent, executorId);
    }
  }
  for (const operation of [...framework.operations.values()]) removeOperation(context, operation);
  context.timers.cancel(`failover ${id}`);
  context.allocator.removeFramework(id);
  framework.unregisteredAtMs = context.nowMs;
  if (connection?.kind === 'driver') state.frameworkIdByPid.delete(connection.pid);
  if (connection !== undefined) context.actions.push({ type: 'close-framework', connection });
  framework.connection = undefined;
  state.frameworks.delete(id);
  state.completedFrameworks.set(id, framework);
  tellFrameworkRemoved(context, framework);
}
