/** Requests to the server that served this page. What comes back is checked against a schema before anybody uses it. */
import { z } from 'zod';

// The server's policy forbids code made of text, which zod would otherwise try.
z.config({ jitless: true });

/** What the server, or the way to it, refuses. `message` is for people, `remedy` says what to do. */
export class ApiError extends Error {
  /** The server's own, or `unreachable`, `unexpected` for what did not come from it. */
  readonly code: string;
  readonly status: number;
  readonly remedy: string | undefined;

  constructor(
    message: string,
    {
      code,
      status = 0,
      remedy,
      cause,
    }: { code: string; status?: number; remedy?: string | undefined; cause?: unknown },
  ) {
    super(message, { cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.remedy = remedy;
  }
}

export interface RequestOptions<Schema extends z.ZodType> {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Left out where undefined. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the answer; without one the answer is thrown away. */
  readonly schema?: Schema;
  readonly signal?: AbortSignal;
}

const errorAnswer = z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() });

/** `path` with `query` behind it. Parts of the path are to be encoded with `encodeURIComponent`. */
export function urlOf(path: string, query: RequestOptions<z.ZodType>['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.append(name, String(value));
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function refusal(response: Response): Promise<ApiError> {
  const { status } = response;
  const told = errorAnswer.safeParse(await response.json().catch(() => undefined));
  if (told.success) return new ApiError(told.data.message, { ...told.data, status });
  const remedy = 'look into the log of the server, and of any proxy before it';
  return new ApiError(`the server answered with status ${status}`, { code: 'unexpected', status, remedy });
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    const remedy =
      'check that it runs and that the network is up; the page goes on by itself when it is back';
    throw new ApiError('the server cannot be reached', { code: 'unreachable', remedy, cause });
  }
}

/** @throws ApiError */
export async function request<const Schema extends z.ZodType = z.ZodUndefined>(
  path: string,
  options: RequestOptions<Schema> = {},
): Promise<z.output<Schema>> {
  const { method = 'GET', query, body, schema, signal } = options;
  const response = await send(urlOf(path, query), {
    method,
    headers: {
      Accept: 'application/json',
      // So that a session that has ended is answered to us, and not with a dialog of the browser.
      'X-Requested-With': 'XMLHttpRequest',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!response.ok) throw await refusal(response);
  if (schema === undefined) return undefined as z.output<Schema>;
  const answer = schema.safeParse(await response.json().catch(() => undefined));
  if (answer.success) return answer.data;
  const remedy =
    'reload the page; if that does not help, the server and the console are of different versions';
  throw new ApiError(`the answer of ${path} is not understood: ${z.prettifyError(answer.error)}`, {
    code: 'unexpected',
    remedy,
  });
}
