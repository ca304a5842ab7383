/** What became of operations that a master or a framework misses. */
import { internal, makeMessage, OperationState, OperationStatusSchema } from '@orchestrator/mesos';
import type { AgentState, OperationRecord } from './records.ts';
import { sendToMaster, type Turn } from './turn.ts';

/**
 * A framework asks for operations that its master does not know, by the name it gave them too: what this agent has of
 * them is told once more, not to be acknowledged. A master that misses operations hears only of those that did not come;
 * of the others it is told until it has acknowledged.
 */
export function onReconcileOperations(turn: Turn, message: internal.ReconcileOperationsMessageValid): void {
  const { frameworkId, operations } = message;
  for (const asked of operations) {
    const record = findOperation(turn.state, frameworkId?.value, asked);
    const { operationUuid, resourceProviderId } = asked;
    if (record !== undefined && frameworkId !== undefined) {
      const { operationId, agentId, state, message: text } = record.operation.latestStatus;
      const status = {
        ...{ state, ...(operationId && { operationId }), ...(agentId && { agentId }) },
        ...(text !== '' && { message: text }),
      };
      tellOnce(turn, { frameworkId, status, uuid: Buffer.from(record.uuid, 'hex') });
    } else if (record === undefined && frameworkId === undefined && operationUuid !== undefined) {
      tellOnce(turn, { status: { state: OperationState.OPERATION_DROPPED }, uuid: operationUuid.value });
    } else if (record === undefined && frameworkId !== undefined && resourceProviderId !== undefined) {
      const { operationId } = asked;
      const status = { state: OperationState.OPERATION_UNKNOWN, ...(operationId && { operationId }) };
      const uuid = operationUuid?.value;
      tellOnce(turn, { frameworkId, status: { ...status, resourceProviderId }, uuid });
    }
  }
}

function findOperation(
  { operations }: AgentState,
  frameworkId: string | undefined,
  { operationUuid, operationId }: internal.ReconcileOperationsMessage_OperationValid,
): OperationRecord | undefined {
  if (operationUuid !== undefined) return operations.get(Buffer.from(operationUuid.value).toString('hex'));
  if (operationId === undefined) return undefined;
  return [...operations.values()].find(
    (each) => each.frameworkId === frameworkId && each.operation.info.id?.value === operationId.value,
  );
}

type StatusInit = Parameters<typeof makeMessage<typeof OperationStatusSchema>>[1];

interface ToldOnce {
  frameworkId?: { value: string };
  status: StatusInit;
  uuid: Uint8Array | undefined;
}

/** Without a uuid of its own nobody acknowledges it. */
function tellOnce(turn: Turn, { frameworkId, status, uuid }: ToldOnce): void {
  const { UpdateOperationStatusMessageSchema: schema } = internal;
  const agentId = turn.state.info.id;
  const shared = { ...(agentId !== undefined && { agentId }) };
  const message = makeMessage(schema, {
    ...shared,
    ...(frameworkId !== undefined && { frameworkId }),
    status: makeMessage(OperationStatusSchema, { ...shared, ...status }),
    ...(uuid !== undefined && { operationUuid: { value: uuid } }),
  });
  sendToMaster(turn, schema, message);
}
