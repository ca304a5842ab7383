import { type ErrorCode, OrchestratorError } from '@orchestrator/runtime';

/** What can go wrong in the monitor; the runtime's table turns each into an HTTP status and an exit code. */
export type MonitorErrorCode = Extract<
  ErrorCode,
  /** A report, a query or an argument that does not fit. */
  | 'invalid'
  /** A node, a control, a probe or a pipe that is not known, or not any more. */
  | 'not-found'
  /** The node's probe is not connected now, or has gone while it was asked. */
  | 'unavailable'
  /** A probe did not answer in time; what was asked for may have been done. */
  | 'outcome-unknown'
  /** A named limit is exceeded. */
  | 'limit'
  | 'unauthenticated'
  | 'forbidden'
  /** The account or viewer is there already. */
  | 'conflict'
  | 'precondition'
  | 'config'
>;

/** Base of everything this package throws. */
export class MonitorError extends OrchestratorError {
  constructor(
    code: MonitorErrorCode,
    message: string,
    detail: { readonly remedy?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: code === 'unavailable', ...detail });
  }
}
