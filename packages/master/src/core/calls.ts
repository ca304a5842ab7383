/** Calls of frameworks that are subscribed. */
import { internal, makeMessage, scheduler } from '@orchestrator/mesos';
import { accept, decline } from './accept.ts';
import { log, type MasterContext, toAgent } from './context.ts';
import { refuseMsOf } from './filters.ts';
import { count } from './framework-figures.ts';
import { removeFramework } from './frameworks.ts';
import { takeInverseOffer } from './offers.ts';
import { onOperationAcknowledged, reconcileOperations } from './operations.ts';
import { reconcile, reconcileTask } from './reconcile.ts';
import type { FrameworkRecord } from './records.ts';
import { acknowledge } from './status-updates.ts';

const { Call_Type: type } = scheduler;

function kill(context: MasterContext, framework: FrameworkRecord, call: scheduler.Call_KillValid): void {
  const taskId = call.taskId.value;
  const task = framework.tasks.get(taskId);
  if (task === undefined) {
    reconcileTask(context, framework, taskId, call.agentId?.value);
    return;
  }
  const agent = context.state.agents.get(task.agentId);
  if (agent === undefined || (call.agentId !== undefined && call.agentId.value !== agent.id)) {
    log(context, 'warn', 'KILL names another agent than the one the task is on', { taskId });
    return;
  }
  agent.killsWaiting.set(`${framework.id} ${taskId}`, call);
  if (agent.connected) sendKill(context, framework.id, agent.pid, call);
}

/** Repeated when the agent comes back: a kill that was lost with its connection must not be forgotten. */
export function sendKill(
  context: MasterContext,
  frameworkId: string,
  pid: string,
  { taskId, killPolicy }: scheduler.Call_KillValid,
): void {
  const message = makeMessage(internal.KillTaskMessageSchema, {
    ...{ frameworkId: { value: frameworkId }, taskId },
    ...(killPolicy === undefined ? {} : { killPolicy }),
  });
  toAgent(context, pid, 'KillTaskMessage', message);
}

function shutDownExecutor(
  context: MasterContext,
  framework: FrameworkRecord,
  { agentId, executorId }: scheduler.Call_ShutdownValid,
): void {
  const agent = context.state.agents.get(agentId.value);
  if (agent?.connected !== true) return;
  const frameworkId = { value: framework.id };
  const message = makeMessage(internal.ShutdownExecutorMessageSchema, { executorId, frameworkId });
  toAgent(context, agent.pid, 'ShutdownExecutorMessage', message);
}

function forward(
  context: MasterContext,
  framework: FrameworkRecord,
  { agentId, executorId, data }: scheduler.Call_MessageValid,
): void {
  const agent = context.state.agents.get(agentId.value);
  if (agent?.connected !== true) {
    context.counters.add('master/invalid_framework_to_executor_messages');
    return;
  }
  context.counters.add('master/valid_framework_to_executor_messages');
  const frameworkId = { value: framework.id };
  const message = makeMessage(internal.FrameworkToExecutorMessageSchema, {
    agentId,
    frameworkId,
    executorId,
    data,
  });
  toAgent(context, agent.pid, 'FrameworkToExecutorMessage', message);
}

function answerInverseOffers(
  context: MasterContext,
  framework: FrameworkRecord,
  ids: readonly { readonly value: string }[],
  filters: scheduler.Call_AcceptValid['filters'],
  status: 'ACCEPT' | 'DECLINE',
): void {
  for (const { value } of ids) {
    const offer = context.state.inverseOffers.get(value);
    if (offer?.frameworkId !== framework.id) continue;
    takeInverseOffer(context, offer);
    context.state.agents
      .get(offer.agentId)
      ?.inverseAnswers.set(framework.id, { status, atMs: context.nowMs });
    const untilMs = context.steadyMs + (refuseMsOf(filters) ?? 0);
    context.allocator.inverseOfferAnswered(framework.id, offer.agentId, untilMs);
  }
}

const nameOf = new Map(Object.entries(type).map(([name, value]) => [value, name.toLowerCase()]));

/** ACCEPT is counted by its operations. */
const counted: Record<string, string> = {
  teardown: 'unregister_framework',
  acknowledge_operation_status: 'operation_status_update_acknowledgement',
  reconcile_operations: 'reconcile_operations',
  decline: 'decline_offers',
  revive: 'revive_offers',
  suppress: 'suppress_offers',
  kill: 'kill_task',
  acknowledge: 'status_update_acknowledgement',
  reconcile: 'reconcile_tasks',
  message: 'framework_to_executor',
  request: 'resource_request',
};

/** A call that was found valid, of a framework that may make it. UPDATE_FRAMEWORK and SUBSCRIBE are answered elsewhere. */
export function handleCall(
  context: MasterContext,
  framework: FrameworkRecord,
  call: scheduler.CallValid,
): void {
  const name = nameOf.get(call.type) ?? '';
  if (counted[name] !== undefined) context.counters.add(`master/messages_${counted[name]}`);
  count(framework.figures.calls, call.type);
  switch (call.type) {
    case type.TEARDOWN:
      removeFramework(context, framework, 'TEARDOWN');
      return;
    case type.ACCEPT:
      if (call.accept) accept(context, framework, call.accept);
      return;
    case type.DECLINE:
      if (call.decline) decline(context, framework, call.decline.offerIds, refuseMsOf(call.decline.filters));
      return;
    case type.ACCEPT_INVERSE_OFFERS: {
      const { inverseOfferIds = [], filters } = call.acceptInverseOffers ?? {};
      answerInverseOffers(context, framework, inverseOfferIds, filters, 'ACCEPT');
      return;
    }
    case type.DECLINE_INVERSE_OFFERS: {
      const { inverseOfferIds = [], filters } = call.declineInverseOffers ?? {};
      answerInverseOffers(context, framework, inverseOfferIds, filters, 'DECLINE');
      return;
    }
    case type.REVIVE:
      revive(context, framework, call.revive?.roles ?? []);
      return;
    case type.SUPPRESS:
      suppress(context, framework, call.suppress?.roles ?? []);
      return;
    case type.KILL:
      if (call.kill) kill(context, framework, call.kill);
      return;
    case type.SHUTDOWN:
      if (call.shutdown) shutDownExecutor(context, framework, call.shutdown);
      return;
    case type.ACKNOWLEDGE:
      if (call.acknowledge) acknowledge(context, framework, call.acknowledge);
      return;
    case type.ACKNOWLEDGE_OPERATION_STATUS:
      call.acknowledgeOperationStatus &&
        onOperationAcknowledged(context, framework, call.acknowledgeOperationStatus);
      return;
    case type.RECONCILE:
      if (call.reconcile) reconcile(context, framework, call.reconcile);
      return;
    case type.RECONCILE_OPERATIONS:
      reconcileOperations(context, framework, call.reconcileOperations?.operations ?? []);
      return;
    case type.MESSAGE:
      if (call.message) forward(context, framework, call.message);
      return;
    default:
      return; // REQUEST: allocators may ignore it, and this one does
  }
}

function known(framework: FrameworkRecord, roles: readonly string[]): readonly string[] | undefined {
  const own = roles.length === 0 ? framework.roles : roles.filter((role) => framework.roles.includes(role));
  return own.length === 0 ? undefined : own;
}

function revive(context: MasterContext, framework: FrameworkRecord, asked: readonly string[]): void {
  const roles = known(framework, asked);
  if (roles === undefined) return;
  framework.suppressedRoles = new Set([...framework.suppressedRoles].filter((role) => !roles.includes(role)));
  context.allocator.revive(framework.id, roles);
}

function suppress(context: MasterContext, framework: FrameworkRecord, asked: readonly string[]): void {
  const roles = known(framework, asked);
  if (roles === undefined) return;
  framework.suppressedRoles = new Set([...framework.suppressedRoles, ...roles]);
  context.allocator.suppress(framework.id, roles);
}
