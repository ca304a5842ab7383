/** What can go wrong with a migration, as seen by an operator. */
export type MigrationErrorCode =
  /** The migration's status or phase does not allow what was asked. */
  | 'refused'
  | 'not-found'
  | 'invalid-request'
  /** A check, gate or success criterion does not hold. */
  | 'check-failed'
  /** A step was told to stop: paused, rolled back, or this instance no longer leads. */
  | 'interrupted'
  /** Another coordinator has taken over; nothing was written. */
  | 'fenced'
  | 'deploy-failed'
  | 'unreachable'
  | 'sync-failed'
  | 'archive-corrupt'
  | 'archive-key'
  | 'audit-tampered'
  | 'secret-missing';

const retryableCodes: ReadonlySet<MigrationErrorCode> = new Set<MigrationErrorCode>([
  'interrupted',
  'unreachable',
  'sync-failed',
  'check-failed',
]);

export interface MigrationErrorDetail {
  /** What the operator can do about it, as a sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Base of everything this package throws. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationErrorCode;
  readonly remedy: string | undefined;

  constructor(code: MigrationErrorCode, message: string, detail: MigrationErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.remedy = detail.remedy;
  }

  /** Whether the same step may succeed when it is tried again without any change by the operator. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }
}

/** What is kept of a failure in records, audit entries and answers: never more than the text of the error. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof MigrationError)
    return { code: error.code, message: error.message, remedy: error.remedy ?? null };
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : null;
    return { code, message: error.message, remedy };
  }
  return { code: 'unknown', message: String(error), remedy: null };
}
