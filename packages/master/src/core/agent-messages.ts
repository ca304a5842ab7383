/** Messages from agents, to whoever deals with them. Those of an agent that is not registered are dropped: it will be. */
import { DrainState, type internal, Resources, setResourceFormat } from '@orchestrator/mesos';
import { onPong, onUnregister } from './absence.ts';
import type { MasterContext } from './context.ts';
import { maybeDrained } from './drain.ts';
import type { MessageFromAgent } from './events.ts';
import { agentFacts } from './holdings.ts';
import { rescindOffersOf } from './offers.ts';
import { addOperation, onOperationStatus } from './operations.ts';
import type { AgentRecord } from './records.ts';
import { onRegister, onReregister } from './registration.ts';
import { onExecutorExited, onExecutorMessage, onStatusUpdate } from './status-updates.ts';
import { resourcesError } from './task-validation.ts';

export function onAgentMessage(
  context: MasterContext,
  pid: string,
  { name, message }: MessageFromAgent,
  principal: string | undefined,
): void {
  if (name === 'RegisterSlaveMessage') {
    onRegister(context, pid, message, principal);
    return;
  }
  if (name === 'ReregisterSlaveMessage') {
    onReregister(context, pid, message, principal);
    return;
  }
  const agent = agentAt(context, pid);
  if (agent === undefined) {
    context.counters.add('master/dropped_messages');
    return;
  }
  fromRegistered(context, agent, { name, message } as MessageFromAgent);
}

/** By its address; an executor's messages come through its agent, and so do pongs. */
function agentAt({ state }: MasterContext, pid: string): AgentRecord | undefined {
  return state.agents.get(state.agentIdByPid.get(pid) ?? '');
}

function fromRegistered(
  context: MasterContext,
  agent: AgentRecord,
  { name, message }: MessageFromAgent,
): void {
  switch (name) {
    case 'PongSlaveMessage':
      onPong(context, agent);
      return;
    case 'StatusUpdateMessage':
      context.counters.add('master/messages_status_update');
      onStatusUpdate(context, agent, message);
      return;
    case 'UnregisterSlaveMessage':
      onUnregister(context, agent);
      return;
    case 'ExitedExecutorMessage':
      context.counters.add('master/messages_exited_executor');
      onExecutorExited(context, agent, message);
      return;
    case 'ExecutorToFrameworkMessage':
      context.counters.add('master/messages_executor_to_framework');
      onExecutorMessage(context, message);
      return;
    case 'UpdateOperationStatusMessage':
      context.counters.add('master/messages_operation_status_update');
      onOperationStatus(context, agent, message);
      maybeDrained(context, agent);
      return;
    case 'UpdateSlaveMessage':
      context.counters.add('master/messages_update_slave');
      onUpdateAgent(context, agent, message);
      return;
    default:
      return;
  }
}

const isRevocable = (kind: { readonly revocable: boolean }) => kind.revocable;

/** Oversubscribed resources, operations under way, and the version of what it has. */
function onUpdateAgent(
  context: MasterContext,
  agent: AgentRecord,
  message: internal.UpdateSlaveMessageValid,
): void {
  if (message.resourceVersionUuid !== undefined) agent.resourceVersion = message.resourceVersionUuid;
  for (const operation of message.operations?.operations ?? []) addOperation(context, agent, operation);
  agent.resourceProviders = [...(message.resourceProviders?.providers ?? [])];
  // Agents from before the flag send this message for nothing else.
  const says = Object.hasOwn(message, 'updateOversubscribedResources')
    ? message.updateOversubscribedResources
    : message.resourceVersionUuid === undefined;
  if (says) {
    for (const resource of message.oversubscribedResources) setResourceFormat(resource, 'stack');
    if (resourcesError(message.oversubscribedResources) !== undefined) return;
    const revocable = Resources.from(message.oversubscribedResources);
    const total = agent.total.filter((kind) => !isRevocable(kind)).plus(revocable);
    if (!total.equals(agent.total)) {
      agent.total = total;
      for (const offer of [...agent.offers]) {
        if (!offer.resources.filter(isRevocable).isEmpty) rescindOffersOf(context, agent);
      }
      context.allocator.setAgent(agent.id, agentFacts(agent));
    }
  }
  if (agent.drainInfo?.state === DrainState.DRAINING) maybeDrained(context, agent);
}
