/**
 * The shape of every error that leaves a package, and the one table that says what a process or an HTTP server makes of
 * it. Packages have their own base class; what is read here is structural, so none of them has to extend this one.
 */

/** What an operator's shell and an HTTP client see of an error. */
export interface ErrorOutcome {
  exitCode: number;
  httpStatus: number;
}

/**
 * Few exit codes, so that a script can tell what it may do next: 1 it failed, 2 mend the call, 4 the name, 5 the network,
 * 6 it is not allowed now. 3 is left to commands whose answer is that a check does not hold.
 */
const table = {
  /** A defect of ours; the message is logged, never sent to a client. */
  internal: { exitCode: 1, httpStatus: 500 },
  /** An argument, a body or a query that does not fit its schema. */
  invalid: { exitCode: 2, httpStatus: 400 },
  config: { exitCode: 2, httpStatus: 500 },
  unauthenticated: { exitCode: 6, httpStatus: 401 },
  forbidden: { exitCode: 6, httpStatus: 403 },
  'not-found': { exitCode: 4, httpStatus: 404 },
  /** The thing exists already, or changed since it was read. */
  conflict: { exitCode: 6, httpStatus: 409 },
  /** A condition that the operation needs does not hold (a failed validation, a missing approval). */
  precondition: { exitCode: 6, httpStatus: 412 },
  /** A named limit is exceeded. */
  limit: { exitCode: 1, httpStatus: 413 },
  /** Not done, and worth another try. */
  unavailable: { exitCode: 5, httpStatus: 503 },
  timeout: { exitCode: 5, httpStatus: 504 },
  /** Sent, but no answer: it may or may not have been done. Read before repeating. */
  'outcome-unknown': { exitCode: 1, httpStatus: 504 },
  /** A lock, a lease or a leadership is no longer ours. */
  'lease-lost': { exitCode: 1, httpStatus: 409 },
  /** A watch fell behind what is kept; list again, then watch again. */
  compacted: { exitCode: 1, httpStatus: 410 },
  overflow: { exitCode: 1, httpStatus: 503 },
  /** Stored bytes are not what was written. */
  corrupt: { exitCode: 1, httpStatus: 500 },
  closed: { exitCode: 1, httpStatus: 503 },
  cancelled: { exitCode: 130, httpStatus: 503 },
} as const satisfies Record<string, ErrorOutcome>;

/** A code that the table knows. A package may use codes of its own: they count as `internal` until they have a row. */
export type ErrorCode = keyof typeof table;

export const errorTable: Readonly<Record<ErrorCode, ErrorOutcome>> = table;

export interface OrchestratorErrorOptions {
  code: ErrorCode;
  /** The same call may succeed later, and repeating it does no harm. Default false. */
  retryable?: boolean;
  cause?: unknown;
  /** What the reader can do about it; one sentence in the imperative. */
  remedy?: string;
}

/** Base class of the errors of runtime and store. The message names the thing and the value; the remedy stands apart. */
export class OrchestratorError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly remedy: string | undefined;

  constructor(message: string, options: OrchestratorErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.retryable = options.retryable ?? false;
    this.remedy = options.remedy;
  }
}

function textProperty(error: unknown, name: 'code' | 'remedy'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}

/** The row of an error's code, whatever class it has; `internal` for what the table does not know. */
export function outcomeOf(error: unknown): ErrorOutcome & { code: string; known: boolean } {
  const code = textProperty(error, 'code');
  if (code !== undefined && Object.hasOwn(table, code)) {
    return { ...table[code as ErrorCode], code, known: true };
  }
  return { ...table.internal, code: 'internal', known: false };
}

/** `message; remedy` for a terminal: the last line a person reads before the exit code. */
export function explainError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = textProperty(error, 'remedy');
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
