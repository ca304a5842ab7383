/** Operations and their states by the names that figures have. */
import { Offer_Operation_Type, OperationState } from '@orchestrator/mesos';

const types = new Map<Offer_Operation_Type, string>(
  Object.entries(Offer_Operation_Type).map(([name, value]) => [value, name.toLowerCase()]),
);

const states = new Map<OperationState, string>(
  Object.entries(OperationState).map(([name, value]) => [
    value,
    name.slice('OPERATION_'.length).toLowerCase(),
  ]),
);

export const operationNameOf = (type: Offer_Operation_Type) => types.get(type) ?? 'unknown';
export const operationStateNameOf = (state: OperationState) => states.get(state) ?? 'unsupported';
