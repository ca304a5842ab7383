/** Rows of the table in `@orchestrator/runtime` (`errorTable`), so that HTTP status and exit codes follow from them. */
export type MesosErrorCode =
  /** A message, a resource string or an option that is not what it should be. */
  | 'invalid'
  /** A named limit is exceeded. */
  | 'limit'
  /** Nobody listens, no leader is known, or the connection broke before anything was sent. */
  | 'unavailable'
  | 'timeout'
  /** Sent, but no answer: it may or may not have been done. */
  | 'outcome-unknown'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'closed';

export interface MesosErrorOptions {
  code: MesosErrorCode;
  /** The same call may succeed later, and repeating it does no harm. Default false. */
  retryable?: boolean;
  cause?: unknown;
  /** What the reader can do about it; one sentence in the imperative. */
  remedy?: string;
}

/** Base class of the errors of this package. The message names the thing and the value; the remedy stands apart. */
export class MesosError extends Error {
  readonly code: MesosErrorCode;
  readonly retryable: boolean;
  readonly remedy: string | undefined;

  constructor(message: string, options: MesosErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.retryable = options.retryable ?? false;
    this.remedy = options.remedy;
  }
}
