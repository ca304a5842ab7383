/** What can be wrong with a report that came from elsewhere. */
export type ReportErrorCode = 'invalid' | 'limit';

/**
 * Thrown when a frame or a JSON report cannot be taken: `invalid` for what breaks the format, `limit` for what is larger
 * than a named limit. Neither gets better by trying again.
 */
export class ReportError extends Error {
  readonly code: ReportErrorCode;
  readonly retryable = false;

  constructor(message: string, options: { code: ReportErrorCode; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ReportError';
    this.code = options.code;
  }
}
