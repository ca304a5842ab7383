/** Offer operations beyond launches: sent to agents, tracked until their last status is acknowledged. */
import {
  applyOperation,
  conversionsOf,
  internal,
  isDynamicallyReserved,
  isPersistentVolume,
  makeMessage,
  type Offer_OperationValid,
  OperationSchema,
  OperationState,
  OperationStatusSchema,
  type OperationStatusValid,
  Resources,
  scheduler,
  UUIDSchema,
  type UUIDValid,
} from '@orchestrator/mesos';
import { log, type MasterContext, randomUuid, toAgent, toFramework } from './context.ts';
import { agentFacts, giveBack } from './holdings.ts';
import { operationNameOf, operationStateNameOf } from './operation-names.ts';
import type { AgentRecord, FrameworkRecord, OperationRecord } from './records.ts';

const terminalStates: ReadonlySet<OperationState> = new Set([
  OperationState.OPERATION_FINISHED,
  OperationState.OPERATION_FAILED,
  OperationState.OPERATION_ERROR,
  OperationState.OPERATION_DROPPED,
  OperationState.OPERATION_GONE_BY_OPERATOR,
]);

export const isTerminalOperation = (state: OperationState) => terminalStates.has(state);

const hexOf = (uuid: Uint8Array) => Buffer.from(uuid).toString('hex');

export function sendOperationStatus(
  context: MasterContext,
  framework: FrameworkRecord,
  status: OperationStatusValid,
): void {
  const event = makeMessage(scheduler.EventSchema, {
    type: scheduler.Event_Type.UPDATE_OPERATION_STATUS,
    updateOperationStatus: { status },
  });
  toFramework(context, framework, event);
}

/** The operation was not done; a framework that gave it an id is told why. */
export function refuseOperation(
  context: MasterContext,
  framework: FrameworkRecord,
  operation: Offer_OperationValid,
  message: string,
): void {
  log(context, 'warn', 'operation refused', { frameworkId: framework.id, message });
  if (operation.id === undefined) return;
  sendOperationStatus(
    context,
    framework,
    makeMessage(OperationStatusSchema, {
      operationId: operation.id,
      state: OperationState.OPERATION_ERROR,
      message,
    }),
  );
}

/** What an agent keeps on its disk of the reservations and volumes on it. */
export const checkpointedOf = (agent: AgentRecord) =>
  agent.total.filter((kind) => isDynamicallyReserved(kind) || isPersistentVolume(kind));

function sendOperation(
  context: MasterContext,
  agent: AgentRecord,
  info: Offer_OperationValid,
  frameworkId: string | undefined,
  uuid: UUIDValid,
): void {
  const version = agent.resourceVersion ?? makeMessage(UUIDSchema, { value: randomUuid(context.random) });
  const message = makeMessage(internal.ApplyOperationMessageSchema, {
    ...(frameworkId === undefined ? {} : { frameworkId: { value: frameworkId } }),
    operationInfo: info,
    operationUuid: uuid,
    resourceVersionUuid: { uuid: version },
  });
  toAgent(context, agent.pid, 'ApplyOperationMessage', message);
}

/**
 * Sends an operation that was found valid. What it does to the agent's resources counts from now on: the agent either does it
 * or comes back with what it really has.
 */
export function startOperation(
  context: MasterContext,
  agent: AgentRecord,
  framework: FrameworkRecord | undefined,
  info: Offer_OperationValid,
): void {
  for (const { consumed, converted } of conversionsOf(info)) {
    agent.total = agent.total.minus(consumed.allocatedTo(undefined)).plus(converted.allocatedTo(undefined));
  }
  if (!agent.capabilities.has('RESOURCE_PROVIDER')) {
    const resources = checkpointedOf(agent).toMessages('role');
    const message = makeMessage(internal.CheckpointResourcesMessageSchema, { resources });
    toAgent(context, agent.pid, 'CheckpointResourcesMessage', message);
    return;
  }
  const uuid = makeMessage(UUIDSchema, { value: randomUuid(context.random) });
  const agentId = { value: agent.id };
  const latestStatus = {
    state: OperationState.OPERATION_PENDING,
    agentId,
    ...(info.id === undefined ? {} : { operationId: info.id }),
  };
  const message = makeMessage(OperationSchema, {
    ...(framework === undefined ? {} : { frameworkId: { value: framework.id } }),
    ...{ agentId, info, latestStatus, uuid },
  });
  const record: OperationRecord = {
    ...{ message, uuid: hexOf(uuid.value), frameworkId: framework?.id, agentId: agent.id },
    consumed: Resources.none,
    released: true,
  };
  agent.operations.set(record.uuid, record);
  framework?.operations.set(record.uuid, record);
  sendOperation(context, agent, info, framework?.id, uuid);
}

/** An operation that an agent told of when it came back. */
export function addOperation(
  context: MasterContext,
  agent: AgentRecord,
  message: OperationRecord['message'],
): void {
  const uuid = hexOf(message.uuid.value);
  if (agent.operations.has(uuid)) return;
  const frameworkId = message.frameworkId?.value;
  const record: OperationRecord = {
    ...{ message, uuid, frameworkId, agentId: agent.id, consumed: Resources.none, released: true },
  };
  agent.operations.set(uuid, record);
  if (frameworkId !== undefined) context.state.frameworks.get(frameworkId)?.operations.set(uuid, record);
}

export function removeOperation(context: MasterContext, operation: OperationRecord): void {
  const { state } = context;
  if (!operation.released) {
    operation.released = true;
    giveBack(context, operation.frameworkId ?? '', operation.agentId, operation.consumed);
  }
  state.agents.get(operation.agentId)?.operations.delete(operation.uuid);
  if (operation.frameworkId !== undefined) {
    state.frameworks.get(operation.frameworkId)?.operations.delete(operation.uuid);
  }
}

/** A status from the agent. Statuses nobody asked to hear of are acknowledged here. */
export function onOperationStatus(
  context: MasterContext,
  agent: AgentRecord,
  update: internal.UpdateOperationStatusMessageValid,
): void {
  const { status } = update;
  const latest = update.latestStatus ?? status;
  const uuid = update.operationUuid;
  if (uuid === undefined) return;
  const operation = agent.operations.get(hexOf(uuid.value));
  const framework = context.state.frameworks.get(update.frameworkId?.value ?? operation?.frameworkId ?? '');
  if (operation !== undefined) {
    countEnd(context, operation, latest.state);
    operation.message.latestStatus = latest;
    operation.message.statuses.push(status);
    if (latest.state === OperationState.OPERATION_ERROR || latest.state === OperationState.OPERATION_FAILED) {
      log(context, 'warn', 'operation failed', { agentId: agent.id, message: latest.message });
    }
  }
  if (status.operationId !== undefined && framework !== undefined) {
    sendOperationStatus(context, framework, status);
    return;
  }
  acknowledgeOperation(context, agent, uuid, status);
  if (operation !== undefined && isTerminalOperation(latest.state)) removeOperation(context, operation);
}

/** Once for each operation: statuses are repeated. */
function countEnd({ counters }: MasterContext, { message }: OperationRecord, state: OperationState): void {
  if (isTerminalOperation(message.latestStatus.state) || !isTerminalOperation(state)) return;
  const [kind, end] = [operationNameOf(message.info.type), operationStateNameOf(state)];
  counters.add(`master/operations/${kind}/${end}`);
  counters.add(`master/operations/${end}`);
}

/** Tells the agent that it need not repeat the status. */
function acknowledgeOperation(
  context: MasterContext,
  agent: AgentRecord,
  operationUuid: UUIDValid,
  status: OperationStatusValid,
): void {
  if (status.uuid === undefined || !agent.connected) return;
  const message = makeMessage(internal.AcknowledgeOperationStatusMessageSchema, {
    statusUuid: status.uuid,
    operationUuid,
    ...(status.resourceProviderId === undefined ? {} : { resourceProviderId: status.resourceProviderId }),
  });
  toAgent(context, agent.pid, 'AcknowledgeOperationStatusMessage', message);
}

/** ACKNOWLEDGE_OPERATION_STATUS of a framework. */
export function onOperationAcknowledged(
  context: MasterContext,
  framework: FrameworkRecord,
  call: scheduler.Call_AcknowledgeOperationStatusValid,
): void {
  const id = call.operationId.value;
  const operation = [...framework.operations.values()].find((each) => each.message.info.id?.value === id);
  const agent = operation && context.state.agents.get(operation.agentId);
  if (operation === undefined || agent === undefined) return;
  const { latestStatus, statuses, uuid } = operation.message;
  const acknowledged = statuses.find(
    (status) => status.uuid !== undefined && Buffer.compare(status.uuid.value, call.uuid) === 0,
  );
  if (acknowledged === undefined) return;
  acknowledgeOperation(context, agent, uuid, acknowledged);
  const last = latestStatus.uuid !== undefined && Buffer.compare(latestStatus.uuid.value, call.uuid) === 0;
  if (last && isTerminalOperation(latestStatus.state)) removeOperation(context, operation);
}

/** RECONCILE_OPERATIONS: everything that is known, or what was asked for. Answers come on the stream. */
export function reconcileOperations(
  context: MasterContext,
  framework: FrameworkRecord,
  asked: readonly scheduler.Call_ReconcileOperations_OperationValid[],
): void {
  const known = new Map(
    [...framework.operations.values()].map((each) => [each.message.info.id?.value, each.message] as const),
  );
  if (asked.length === 0) {
    for (const [id, message] of known) {
      if (id !== undefined) sendOperationStatus(context, framework, message.latestStatus);
    }
    return;
  }
  for (const { operationId, agentId, resourceProviderId } of asked) {
    const status =
      known.get(operationId.value)?.latestStatus ??
      unknownOperation(context, operationId.value, agentId?.value);
    if (status === undefined) continue;
    if (agentId !== undefined && status.agentId === undefined) status.agentId = agentId;
    if (resourceProviderId !== undefined) status.resourceProviderId = resourceProviderId;
    sendOperationStatus(context, framework, status);
  }
}

function unknownOperation(
  context: MasterContext,
  operationId: string,
  agentId: string | undefined,
): OperationStatusValid | undefined {
  const { agents, recoveredAgents, transitions, unreachableAgents, goneAgents } = context.state;
  const say = (state: OperationState, message: string) =>
    makeMessage(OperationStatusSchema, {
      ...{ operationId: { value: operationId }, state, message },
      ...(agentId === undefined ? {} : { agentId: { value: agentId } }),
    });
  if (agentId === undefined) {
    return say(
      OperationState.OPERATION_UNKNOWN,
      "Reconciliation: Operation is unknown and no 'agent_id' was provided",
    );
  }
  if (agents.has(agentId))
    return say(OperationState.OPERATION_DROPPED, 'Reconciliation: Operation is unknown');
  if (recoveredAgents.has(agentId) || transitions.has(agentId)) {
    return say(
      OperationState.OPERATION_RECOVERING,
      'Reconciliation: Agent is recovered but has not re-registered',
    );
  }
  if (unreachableAgents.has(agentId)) {
    return say(OperationState.OPERATION_UNREACHABLE, 'Reconciliation: Agent is unreachable');
  }
  if (goneAgents.has(agentId)) {
    return say(OperationState.OPERATION_GONE_BY_OPERATOR, 'Reconciliation: Agent marked gone by operator');
  }
  return say(OperationState.OPERATION_UNKNOWN, 'Reconciliation: Both operation and agent are unknown');
}

/**
 * An operation of an operator, on resources that nobody holds. Offers that stand in its way are taken back by the caller.
 *
 * @returns what is missing, in Mesos' words; undefined when it was done
 */
export function startOperatorOperation(
  context: MasterContext,
  agent: AgentRecord,
  info: Offer_OperationValid,
): string | undefined {
  const available = context.allocator.availableOn(agent.id) ?? Resources.none;
  try {
    applyOperation(available, info);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  startOperation(context, agent, undefined, info);
  context.allocator.setAgent(agent.id, agentFacts(agent));
  return undefined;
}
