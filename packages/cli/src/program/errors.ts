import {
  type ErrorCode,
  OrchestratorError,
  type OrchestratorErrorOptions,
  outcomeOf,
} from '@orchestrator/runtime';

/** Base of what the commands throw by themselves, and of what a server answered: with its code, message and remedy. */
export class CliError extends OrchestratorError {
  constructor(code: ErrorCode, message: string, options: Omit<OrchestratorErrorOptions, 'code'> = {}) {
    super(message, { code, retryable: code === 'unavailable' || code === 'timeout', ...options });
  }
}

/** What is shown of an error, and what the process ends with. */
export interface ExplainedError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly exitCode: number;
}

export function explain(error: unknown): ExplainedError {
  const { code, exitCode } = outcomeOf(error);
  const remedy: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'remedy') : null;
  return {
    code,
    message: error instanceof Error ? error.message : String(error),
    remedy: typeof remedy === 'string' ? remedy : null,
    exitCode,
  };
}
