/** `master/operations/…`: operations on resources, by kind and state. */
import { Offer_Operation_Type, OperationState } from '@orchestrator/mesos';
import { operationNameOf, operationStateNameOf } from '../core/operation-names.ts';
import type { LeadingMaster } from '../service/leading-master.ts';
import type { ClusterFigures } from './cluster-figures.ts';

const kinds = [
  Offer_Operation_Type.RESERVE,
  Offer_Operation_Type.UNRESERVE,
  Offer_Operation_Type.CREATE,
  Offer_Operation_Type.DESTROY,
  Offer_Operation_Type.GROW_VOLUME,
  Offer_Operation_Type.SHRINK_VOLUME,
  Offer_Operation_Type.CREATE_DISK,
  Offer_Operation_Type.DESTROY_DISK,
].map(operationNameOf);

/** There are so many now; of those that ended a counter says how many there were. */
const living = [
  OperationState.OPERATION_PENDING,
  OperationState.OPERATION_RECOVERING,
  OperationState.OPERATION_UNREACHABLE,
].map(operationStateNameOf);
const ended = [
  OperationState.OPERATION_FINISHED,
  OperationState.OPERATION_FAILED,
  OperationState.OPERATION_ERROR,
  OperationState.OPERATION_DROPPED,
  OperationState.OPERATION_GONE_BY_OPERATOR,
].map(operationStateNameOf);

export function operationFigures(
  figures: Map<string, number>,
  master: LeadingMaster | undefined,
  { operations: now }: ClusterFigures,
): void {
  const counted = (key: string) => master?.core.counters.get(`master/operations/${key}`) ?? 0;
  const sums = new Map<string, number>();
  for (const kind of kinds) {
    let total = 0;
    for (const state of [...living, ...ended]) {
      const key = `${kind}/${state}`;
      const value = living.includes(state) ? (now.get(key) ?? 0) : counted(key);
      figures.set(`master/operations/${key}`, value);
      sums.set(state, (sums.get(state) ?? 0) + value);
      total += value;
    }
    figures.set(`master/operations/${kind}/total`, total);
    sums.set('total', (sums.get('total') ?? 0) + total);
  }
  for (const [state, value] of sums) figures.set(`master/operations/${state}`, value);
}
