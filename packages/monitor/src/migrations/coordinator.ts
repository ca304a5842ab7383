/** One coordinator of zk-migrate: its REST API, with a token that stays here. */
import { Agent, type Dispatcher, request } from 'undici';
import { MonitorError, type MonitorErrorCode } from '../errors.ts';
import type { CoordinatorStatus } from '../schema/index.ts';

export interface CoordinatorPlace {
  readonly name: string;
  readonly url: string;
  readonly token?: string;
  /** PEM of the authorities of its certificate. */
  readonly ca?: Buffer;
}

export interface Question {
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1`. */
  readonly path: string;
  readonly body?: unknown;
  /** Default 15 s. */
  readonly timeoutMs?: number;
}

export interface Coordinator {
  readonly name: string;
  /** Its JSON; text for other types. @throws MonitorError with the coordinator's own code and remedy; `unavailable` */
  ask(question: Question): Promise<unknown>;
  /** Of the last question. */
  readonly status: CoordinatorStatus;
  /** For its live events. */
  readonly events: {
    readonly url: string;
    readonly headers: Record<string, string>;
    readonly dispatcher: Dispatcher;
  };
  close(): Promise<void>;
}

const defaultTimeoutMs = 15_000;
const maxAnswerBytes = 32 * 1024 * 1024;
/** Codes that mean the same here. */
const passed: readonly MonitorErrorCode[] = [
  ...(['invalid', 'not-found', 'conflict', 'precondition', 'limit', 'outcome-unknown'] as const),
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const textIn = (answer: unknown, key: string): string | undefined => {
  const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, key) : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** What the coordinator says, in our words. That it does not know us is our trouble, not that of who asks. */
function refusalOf(name: string, status: number, answer: unknown): MonitorError {
  if (status === 401 || status === 403) {
    return new MonitorError('unavailable', `coordinator ${name} does not accept our token (${status})`, {
      remedy: `give it a token with the role admin in migrations.coordinators, "${name}"`,
    });
  }
  const said = textIn(answer, 'code');
  const code = passed.find((each) => each === said) ?? 'unavailable';
  const message = textIn(answer, 'message') ?? `coordinator ${name} answered ${status}`;
  const remedy = textIn(answer, 'remedy');
  return new MonitorError(code, message, remedy === undefined ? {} : { remedy });
}

export function createCoordinator({ name, url, token, ca }: CoordinatorPlace): Coordinator {
  const base = url.replace(/\/+$/, '');
  const dispatcher = new Agent({
    maxResponseSize: maxAnswerBytes,
    ...(ca === undefined ? {} : { connect: { ca } }),
  });
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let problem: MonitorError | undefined;

  const unreachable = (cause: unknown) => {
    const { message, code } = cause as NodeJS.ErrnoException;
    const failed = new MonitorError(
      'unavailable',
      `coordinator ${name} cannot be reached: ${code ?? message}`,
      {
        cause,
        remedy: 'check its URL in migrations.coordinators, and that "zk-migrate serve" runs there',
      },
    );
    problem = failed;
    return failed;
  };

  const answerTo = async ({ method, path, body, timeoutMs = defaultTimeoutMs }: Question) => {
    try {
      const answer = await request(`${base}/api/v1${path}`, {
        ...{ method, dispatcher, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const type = String(answer.headers['content-type'] ?? '');
      return { status: answer.statusCode, type, text: await answer.body.text() };
    } catch (cause) {
      throw unreachable(cause);
    }
  };

  return {
    name,
    async ask(question) {
      const { status, type, text } = await answerTo(question);
      const answer = type.startsWith('application/json') ? parsed(text) : text;
      const refusal = status < 400 ? undefined : refusalOf(name, status, answer);
      problem = refusal?.code === 'unavailable' ? refusal : undefined;
      if (refusal !== undefined) throw refusal;
      return answer;
    },
    get status() {
      const told = problem === undefined ? null : { message: problem.message, remedy: problem.remedy ?? '' };
      return { name, url: base, reachable: problem === undefined, problem: told };
    },
    events: { url: `${base.replace(/^http/, 'ws')}/api/v1/events`, headers, dispatcher },
    close: () => dispatcher.destroy(),
  };
}
