/** What goes wrong between the agent and the Engine. */
import { AgentError, type AgentErrorCode, reasonOf } from '../errors.ts';

/** HTTP status of an answer of the Engine; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const status: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The Engine's own words, without dockerode's `(HTTP code 404) no such container - `. */
export function engineMessage(error: unknown): string {
  const body: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'json') : undefined;
  const message: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, 'message') : undefined;
  return typeof message === 'string' ? message : reasonOf(error);
}

/** An answer of the Engine becomes an error of `code`; no answer means that the Engine is away. */
export function engineError(error: unknown, code: AgentErrorCode, what: string): AgentError {
  if (error instanceof AgentError) return error;
  const message = `${what}: ${engineMessage(error)}`;
  if (statusOf(error) === undefined) {
    return new AgentError('RuntimeUnavailable', `the Docker Engine does not answer; ${message}`, {
      cause: error,
    });
  }
  return new AgentError(code, message, { cause: error });
}

/** For calls that may find the work done: answers with one of the statuses count as success. */
export function unless(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  };
}
