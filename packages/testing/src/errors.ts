/** What went wrong with a launched server or with the machine; a test that sees one is at fault or lacks something. */
export type TestingErrorCode =
  | 'MissingProgram'
  | 'NotRoot'
  | 'StartFailed'
  | 'CommandFailed'
  | 'Timeout'
  | 'WrongState'
  | 'InvalidOption';

/** The one error class of this package. Only `Timeout` may pass when the same call is made again. */
export class TestingError extends Error {
  readonly code: TestingErrorCode;
  readonly retryable: boolean;

  constructor(code: TestingErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TestingError';
    this.code = code;
    this.retryable = code === 'Timeout';
  }
}
