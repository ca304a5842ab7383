import { type ErrorCode, OrchestratorError } from '@orchestrator/runtime';
import { SyncError } from '@orchestrator/sync';
import { ZooKeeperError } from '@orchestrator/zookeeper';

/** What can go wrong with a migration; the runtime's table turns each into an exit code and an HTTP status. */
export type MigrationErrorCode = Extract<
  ErrorCode,
  /** The status or phase does not allow what was asked, or a check, gate or criterion does not hold. */
  | 'precondition'
  | 'invalid'
  | 'not-found'
  /** Changed by someone else at the same time. */
  | 'conflict'
  /** A step was told to stop: paused, rolled back, or this instance no longer leads. */
  | 'cancelled'
  /** Another coordinator has taken over; nothing was written. */
  | 'lease-lost'
  /** A server, host or script did not do what it was asked for. */
  | 'unavailable'
  | 'timeout'
  /** An archive or the audit log is not what was written. */
  | 'corrupt'
  /** A secret, key or file that the configuration names is missing or unfit. */
  | 'config'
  | 'limit'
>;

const retryableCodes: ReadonlySet<MigrationErrorCode> = new Set<MigrationErrorCode>([
  'cancelled',
  'unavailable',
  'timeout',
]);

export interface MigrationErrorDetail {
  /** What the operator can do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Base of everything this package throws. `retryable`: the same step may succeed without any change by the operator. */
export class MigrationError extends OrchestratorError {
  constructor(code: MigrationErrorCode, message: string, detail: MigrationErrorDetail = {}) {
    super(message, { code, retryable: retryableCodes.has(code), ...detail });
  }
}

/** What is kept of a failure in records, audit entries and answers: never more than the text of the error. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error), remedy: null };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'internal';
  const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : null;
  return { code, message: error.message, remedy };
}

/** As it may be told to whoever asked: errors of the engine and of sessions have codes that no answer stands for. */
export function tellable(error: unknown): unknown {
  if (!(error instanceof SyncError || error instanceof ZooKeeperError)) return error;
  return new MigrationError(error.retryable ? 'unavailable' : 'precondition', error.message, {
    cause: error,
  });
}
