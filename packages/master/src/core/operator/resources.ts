/** RESERVE_RESOURCES, CREATE_VOLUMES and the like: operations of operators on what nobody holds. */
import {
  makeMessage,
  Offer_Operation_Type,
  Offer_OperationSchema,
  type Offer_OperationValid,
  setResourceFormat,
} from '@orchestrator/mesos';
import { describeAgent, resourcesOf } from '../accept.ts';
import type { MasterContext } from '../context.ts';
import { discardOfferedFor } from '../offers.ts';
import { operationError } from '../operation-validation.ts';
import { startOperatorOperation } from '../operations.ts';
import type { Reply } from './agents.ts';

const names = new Map(Object.entries(Offer_Operation_Type).map(([name, type]) => [type, name]));

export function operateOnResources(
  context: MasterContext,
  agentId: string,
  init: Parameters<typeof makeMessage<typeof Offer_OperationSchema>>[1],
  principal: string | undefined,
  reply: Reply,
): void {
  const operation: Offer_OperationValid = makeMessage(Offer_OperationSchema, init);
  const agent = context.state.agents.get(agentId);
  if (agent === undefined) {
    reply({ status: 400, message: 'No agent found with specified ID' });
    return;
  }
  for (const resource of resourcesOf(operation)) setResourceFormat(resource, 'stack');
  const error = operationError(operation, { agent, framework: undefined, principal });
  if (error !== undefined) {
    const name = names.get(operation.type) ?? '';
    const place = operation.type === Offer_Operation_Type.DESTROY ? '' : ` on agent ${describeAgent(agent)}`;
    reply({ status: 400, message: `Invalid ${name} operation${place}: ${error}` });
    return;
  }
  discardOfferedFor(context, agent, operation);
  const missing = startOperatorOperation(context, agent, operation);
  reply(missing === undefined ? { status: 202 } : { status: 409, message: missing });
}
