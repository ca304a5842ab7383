/** How errors read on the wire: always `{ code, message, remedy? }`. */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { explainError, OrchestratorError, outcomeOf } from '../errors.ts';

export const errorBody = z
  .object({
    code: z.string().describe('For programs; the list is in the documentation of exit codes'),
    message: z.string().describe('For people: names the thing and the value'),
    remedy: z.string().optional().describe('What can be done about it'),
    problems: z
      .array(z.object({ field: z.string(), value: z.string().optional(), expected: z.string() }))
      .optional()
      .describe('Of a request that does not fit, every field at fault'),
  })
  .meta({ id: 'Error' });

export type ErrorBody = z.infer<typeof errorBody>;

export interface ErrorAnswer {
  status: number;
  body: ErrorBody;
  /** A defect: to be logged with its stack, and not shown. */
  unexpected: boolean;
}

/** Fastify's own refusals carry a status instead of one of our codes. */
function statusOf(error: unknown): number | undefined {
  const status: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

const codeOfStatus: Record<number, string> = { 404: 'not-found', 413: 'limit' };

export function toAnswer(error: unknown): ErrorAnswer {
  const outcome = outcomeOf(error);
  if (outcome.known && outcome.code !== 'internal') {
    const remedy: unknown = Reflect.get(error as object, 'remedy');
    const problems: unknown = Reflect.get(error as object, 'problems');
    const message = error instanceof Error ? error.message : explainError(error);
    const body: ErrorBody = { code: outcome.code, message };
    if (typeof remedy === 'string') body.remedy = remedy;
    if (error instanceof RequestError && Array.isArray(problems)) body.problems = error.problems;
    return { status: outcome.httpStatus, body, unexpected: false };
  }
  const status = statusOf(error);
  if (status !== undefined) {
    const message = error instanceof Error ? error.message : (STATUS_CODES[status] ?? 'refused');
    return { status, body: { code: codeOfStatus[status] ?? 'invalid', message }, unexpected: false };
  }
  const body = { code: 'internal', message: 'an internal error; the log of the server has the details' };
  return { status: 500, body, unexpected: true };
}

/** A request whose parameters, query or body do not fit their schema. */
export class RequestError extends OrchestratorError {
  readonly problems: NonNullable<ErrorBody['problems']>;

  constructor(problems: NonNullable<ErrorBody['problems']>) {
    const told = problems.map(({ field, value, expected }) =>
      value === undefined ? `${field}: ${expected}` : `${field}: ${value}: ${expected}`,
    );
    super(told.join('; '), { code: 'invalid', remedy: 'correct the fields named and send it again' });
    this.problems = problems;
  }
}
