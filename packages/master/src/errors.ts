import { type ErrorCode, OrchestratorError } from '@orchestrator/runtime';

export type MasterErrorCode = Extract<
  ErrorCode,
  /** A flag, a file or a request that is not what it should be. */
  | 'config'
  | 'invalid'
  | 'not-found'
  | 'conflict'
  | 'forbidden'
  | 'unauthenticated'
  /** The state of things does not allow it: another master has taken over the registry, say. */
  | 'precondition'
  | 'lease-lost'
  | 'limit'
  | 'unavailable'
  | 'timeout'
  | 'corrupt'
  | 'closed'
>;

const retryableCodes: ReadonlySet<MasterErrorCode> = new Set<MasterErrorCode>(['unavailable', 'timeout']);

/** Base of everything this package throws. */
export class MasterError extends OrchestratorError {
  constructor(
    code: MasterErrorCode,
    message: string,
    detail: { readonly remedy?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: retryableCodes.has(code), ...detail });
  }
}
