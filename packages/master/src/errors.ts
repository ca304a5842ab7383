import { MesosError } from '@orchestrator/mesos';
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

/** What is wrong with a flag or a file that it names, as an error of this package. */
export function asConfigError(error: unknown): unknown {
  if (!(error instanceof MesosError)) return error;
  const { message, remedy } = error;
  return new MasterError('config', message, { cause: error, ...(remedy === undefined ? {} : { remedy }) });
}
