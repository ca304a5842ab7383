/** JSON of other servers' APIs, over node:http alone: its keep-alive agent is all that these need. */
import type { IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Clock } from '@orchestrator/runtime/clock';
import { ProbeError } from '../errors.ts';
import { Agent as PlainAgent, request as plainRequest } from '../node-http.ts';

export interface JsonClientOptions {
  /** `http://host:port`, to which paths are added. */
  readonly url: string;
  /** Asked for each request: tokens change. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** PEM. Default: the system's authorities. */
  readonly ca?: string;
  /** Milliseconds until an answer begins, and again until it ends. Default 5000. */
  readonly timeoutMs?: number;
  /** Default 32 MiB. */
  readonly limitBytes?: number;
  /** Connections at once. Default 4. */
  readonly maxSockets?: number;
  readonly clock: Clock;
}

export interface JsonRequest {
  readonly method?: string;
  readonly body?: object;
  readonly contentType?: string;
}

export interface JsonClient {
  readonly url: string;
  /**
   * The text of an answer, so that a caller may see that it is the same as before without parsing it.
   *
   * @throws ProbeError `unavailable`, `timeout`, `unauthenticated`, `forbidden`, `not-found`, `conflict`, `compacted`, `limit`
   */
  text(path: string, request?: JsonRequest): Promise<string>;
  /** @throws as `text`, and `invalid` for what is no JSON */
  json(path: string, request?: JsonRequest): Promise<unknown>;
  /** An answer that goes on; the caller reads and destroys it. */
  stream(path: string): Promise<IncomingMessage>;
  close(): void;
}

const codes: Readonly<Record<number, ProbeError['code']>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  410: 'compacted',
};

/** As much of a refusal as an error quotes. */
const quoteBytes = 300;

async function readText(answer: IncomingMessage, limitBytes: number, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > limitBytes) {
      answer.destroy();
      throw new ProbeError(`an answer of ${url} is larger than ${limitBytes} bytes`, { code: 'limit' });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function jsonClient(options: JsonClientOptions): JsonClient {
  const {
    url: base,
    headers = () => ({}),
    ca,
    timeoutMs = 5_000,
    limitBytes = 32 * 2 ** 20,
    maxSockets = 4,
    clock,
  } = options;
  const isTls = base.startsWith('https:');
  const keepAlive = { keepAlive: true, maxSockets, keepAliveMsecs: 30_000 };
  const agent = isTls
    ? new TlsAgent({ ...keepAlive, ...(ca === undefined ? {} : { ca }) })
    : new PlainAgent(keepAlive);

  const open = (path: string, request: JsonRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', body, contentType = 'application/json' } = request;
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const sent = (isTls ? tlsRequest : plainRequest)(new URL(path, base), {
        method,
        agent,
        headers: {
          accept: 'application/json',
          ...headers(),
          ...(bytes === undefined ? {} : { 'content-type': contentType, 'content-length': bytes.length }),
        },
      });
      const patience = clock.after(
        timeoutMs,
        () =>
          sent.destroy(
            new ProbeError(`${base} does not answer ${path} within ${timeoutMs} ms`, {
              code: 'timeout',
              retryable: true,
            }),
          ),
        { background: true },
      );
      sent.once('close', () => patience.cancel());
      sent.once('response', (answer) => {
        patience.cancel();
        resolve(answer);
      });
      sent.once('error', (cause) =>
        reject(
          cause instanceof ProbeError
            ? cause
            : new ProbeError(`${base} cannot be reached`, { code: 'unavailable', retryable: true, cause }),
        ),
      );
      sent.end(bytes);
    });

  const accept = async (path: string, answer: IncomingMessage): Promise<IncomingMessage> => {
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    const said = (await readText(answer, limitBytes, base)).trim().slice(0, quoteBytes);
    throw new ProbeError(
      `${base} refused ${path.split('?', 1)[0]} with ${status}${said === '' ? '' : `: ${said}`}`,
      {
        code: codes[status] ?? 'unavailable',
        retryable: status >= 500,
      },
    );
  };

  const text = async (path: string, request: JsonRequest = {}): Promise<string> => {
    const answer = await accept(path, await open(path, request));
    const slow = clock.after(timeoutMs, () => answer.destroy(new Error(`the answer stalled`)), {
      background: true,
    });
    try {
      return await readText(answer, limitBytes, base);
    } finally {
      slow.cancel();
    }
  };

  return {
    url: base,
    text,
    async json(path, request) {
      const said = await text(path, request);
      try {
        return JSON.parse(said);
      } catch (cause) {
        throw new ProbeError(`${base} did not answer ${path} with JSON`, { code: 'invalid', cause });
      }
    },
    stream: async (path) => accept(path, await open(path, {})),
    close: () => agent.destroy(),
  };
}
