import { type ErrorCode, OrchestratorError, type OrchestratorErrorOptions } from '@orchestrator/runtime';

export type StoreErrorCode = Extract<
  ErrorCode,
  | 'invalid'
  | 'limit'
  | 'unavailable'
  | 'outcome-unknown'
  | 'compacted'
  | 'lease-lost'
  | 'corrupt'
  | 'closed'
  | 'cancelled'
  | 'forbidden'
  | 'unauthenticated'
  | 'internal'
>;

/** Base of all errors of this package. */
export class StoreError extends OrchestratorError {
  declare readonly code: StoreErrorCode;

  constructor(message: string, options: OrchestratorErrorOptions & { code: StoreErrorCode }) {
    super(message, options);
  }
}

export function closedError(): StoreError {
  return new StoreError('the store is closed', { code: 'closed' });
}

export function compactedError(prefix: string, fromRevision: number, keptFrom: number): StoreError {
  return new StoreError(
    `changes of "${prefix}" since revision ${fromRevision} are no longer kept, only those since ${keptFrom}`,
    { code: 'compacted', remedy: 'list again and watch from the revision of the list plus one' },
  );
}
