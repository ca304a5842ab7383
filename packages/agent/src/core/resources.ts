/** Reservations and volumes that came while the agent ran, and the operations that bring them. */
import {
  conversionsOf,
  internal,
  isDynamicallyReserved,
  isPersistentVolume,
  MesosError,
  makeKind,
  makeMessage,
  OperationSchema,
  OperationState,
  OperationStatusSchema,
  type OperationValid,
  Resource_ReservationInfo_Type,
  type ResourceKind,
  Resources,
  reservationRole,
} from '@orchestrator/mesos';
import type { AgentState, OperationRecord, PersistentVolume } from './records.ts';
import { save, sendToMaster, type Turn } from './turn.ts';

type OperationInfo = internal.ApplyOperationMessageValid['operationInfo'];

const needsCheckpoint = (kind: ResourceKind) => isDynamicallyReserved(kind) || isPersistentVolume(kind);

/** What the operator has given, before reservations and volumes were made of it. */
function givenKind(kind: ResourceKind): ResourceKind {
  const dynamic = kind.reservations.findIndex(({ type }) => type === Resource_ReservationInfo_Type.DYNAMIC);
  const reservations = dynamic === -1 ? kind.reservations : kind.reservations.slice(0, dynamic);
  const { persistence, volume, ...disk } = kind.disk ?? {};
  const source = kind.disk?.source === undefined ? undefined : (disk as ResourceKind['disk']);
  return makeKind({ ...kind, reservations, disk: source, shared: false });
}

/** All that the agent has, with the reservations and volumes in it. */
export function totalResources({ info, checkpointed }: Pick<AgentState, 'info' | 'checkpointed'>): Resources {
  const given = Resources.from(info.resources);
  const taken = checkpointed.mapKinds(givenKind);
  return given.minus(taken).plus(checkpointed);
}

/** `role id`; what is in it outlives tasks. */
function volumesIn(resources: Resources): PersistentVolume[] {
  return [...resources].flatMap(({ kind }) => {
    const id = kind.disk?.persistence?.id;
    return isPersistentVolume(kind) && id !== undefined ? [{ role: reservationRole(kind) ?? '*', id }] : [];
  });
}

const isSame = (one: PersistentVolume) => (other: PersistentVolume) =>
  one.role === other.role && one.id === other.id;

/** The data of a volume goes with it; that is kept in mind until it has happened. */
export function setCheckpointed(turn: Turn, resources: Resources): void {
  const { state } = turn;
  const now = volumesIn(resources);
  const gone = volumesIn(state.checkpointed).filter((volume) => !now.some(isSame(volume)));
  const waiting = state.goneVolumes.filter((volume) => !now.some(isSame(volume)));
  state.checkpointed = resources;
  state.goneVolumes = [...waiting, ...gone];
  saveCheckpointed(turn);
  turn.actions.push({ type: 'volumes', make: now, remove: state.goneVolumes });
}

function saveCheckpointed(turn: Turn): void {
  const { checkpointed, goneVolumes } = turn.state;
  save(turn, { kind: 'resources', resources: checkpointed.toMessages(), goneVolumes });
}

export function onVolumesRemoved(turn: Turn, removed: readonly PersistentVolume[]): void {
  const { state } = turn;
  state.goneVolumes = state.goneVolumes.filter((volume) => !removed.some(isSame(volume)));
  saveCheckpointed(turn);
}

/** What a task needs of reservations and volumes that this agent knows nothing of. */
export function unknownResources(state: AgentState, wanted: Resources): Resources | undefined {
  const special = wanted.allocatedTo(undefined).filter(needsCheckpoint);
  return state.checkpointed.contains(special) ? undefined : special;
}

function updateOf(turn: Turn, { uuid, frameworkId, operation }: OperationRecord) {
  const agentId = turn.state.info.id;
  return makeMessage(internal.UpdateOperationStatusMessageSchema, {
    ...(frameworkId !== undefined && { frameworkId: { value: frameworkId } }),
    ...(agentId !== undefined && { agentId }),
    status: operation.latestStatus,
    latestStatus: operation.latestStatus,
    operationUuid: { value: Buffer.from(uuid, 'hex') },
  });
}

export function resendOperations(turn: Turn): void {
  for (const record of turn.state.operations.values()) {
    sendToMaster(turn, internal.UpdateOperationStatusMessageSchema, updateOf(turn, record));
  }
}

function finish(
  turn: Turn,
  message: internal.ApplyOperationMessageValid,
  result: { state: OperationState; message?: string },
): OperationValid {
  const { operationInfo, operationUuid, frameworkId } = message;
  const agentId = turn.state.info.id;
  const status = makeMessage(OperationStatusSchema, {
    ...(operationInfo.id !== undefined && { operationId: operationInfo.id }),
    ...(agentId !== undefined && { agentId }),
    state: result.state,
    ...(result.message !== undefined && { message: result.message }),
    uuid: { value: turn.state.options.newUuid() },
  });
  return makeMessage(OperationSchema, {
    ...(frameworkId !== undefined && { frameworkId }),
    ...(agentId !== undefined && { agentId }),
    info: operationInfo,
    latestStatus: status,
    statuses: [status],
    uuid: operationUuid,
  });
}

/** To whom what it is about was offered is the master's business: an agent's resources are nobody's yet. */
function afterOperation(before: Resources, operation: OperationInfo): Resources {
  let result = before;
  for (const conversion of conversionsOf(operation)) {
    const consumed = conversion.consumed.allocatedTo(undefined);
    const converted = conversion.converted.allocatedTo(undefined);
    if (!result.contains(consumed)) {
      throw new MesosError(`${result} does not contain ${consumed}`, { code: 'conflict' });
    }
    result = result.minus(consumed).plus(converted);
  }
  return result;
}

function perform(turn: Turn, message: internal.ApplyOperationMessageValid): OperationValid {
  const { state } = turn;
  const expected = Buffer.from(state.resourceVersion);
  if (!expected.equals(message.resourceVersionUuid.uuid.value)) {
    return finish(turn, message, {
      state: OperationState.OPERATION_DROPPED,
      message: 'Operation was decided on resources of another version',
    });
  }
  try {
    const after = afterOperation(totalResources(state), message.operationInfo);
    setCheckpointed(turn, after.filter(needsCheckpoint));
    // What it was converted to the master has worked out before it sent the operation.
    return finish(turn, message, { state: OperationState.OPERATION_FINISHED });
  } catch (error) {
    if (!(error instanceof MesosError)) throw error;
    // The master believes that it was done: with another version nothing else is decided on that belief.
    state.resourceVersion = state.options.newUuid();
    return finish(turn, message, { state: OperationState.OPERATION_FAILED, message: error.message });
  }
}

/** A repetition is answered with what became of it the first time. */
export function onApplyOperation(turn: Turn, message: internal.ApplyOperationMessageValid): void {
  const uuid = Buffer.from(message.operationUuid.value).toString('hex');
  let record = turn.state.operations.get(uuid);
  if (record === undefined) {
    const version = turn.state.resourceVersion;
    record = { uuid, frameworkId: message.frameworkId?.value, operation: perform(turn, message) };
    turn.state.operations.set(uuid, record);
    save(turn, { kind: 'operation', ...record });
    if (version !== turn.state.resourceVersion) sendResourceVersion(turn);
  }
  sendToMaster(turn, internal.UpdateOperationStatusMessageSchema, updateOf(turn, record));
}

export function onOperationAcknowledged(
  turn: Turn,
  { operationUuid, statusUuid }: internal.AcknowledgeOperationStatusMessageValid,
): void {
  const uuid = Buffer.from(operationUuid.value).toString('hex');
  const status = turn.state.operations.get(uuid)?.operation.latestStatus.uuid;
  if (status === undefined || !Buffer.from(status.value).equals(statusUuid.value)) return;
  turn.state.operations.delete(uuid);
  turn.actions.push({ type: 'forget', key: `operations/${uuid}` });
}

/** Which version of the resources operations have to be decided on, and those whose end is not acknowledged. */
export function sendResourceVersion(turn: Turn): void {
  const { info, operations, resourceVersion } = turn.state;
  if (info.id === undefined) return;
  const message = makeMessage(internal.UpdateSlaveMessageSchema, {
    agentId: info.id,
    updateOversubscribedResources: false,
    operations: { operations: [...operations.values()].map(({ operation }) => operation) },
    resourceVersionUuid: { value: resourceVersion },
    resourceProviders: {},
  });
  sendToMaster(turn, internal.UpdateSlaveMessageSchema, message);
}
