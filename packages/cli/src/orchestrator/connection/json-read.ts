/** The read endpoints that answer in JSON of their own: what v1 has no call for. */
import { type Leader, MesosError, parseJson } from '@orchestrator/mesos';
import { type Dispatcher, request } from 'undici';

export interface JsonReadOptions {
  readonly scheme: 'http' | 'https';
  readonly authorization: string | undefined;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

const answerTimeoutMs = 30_000;
const mostRedirects = 3;
const largestAnswerBytes = 64 * 2 ** 20;
const longestReason = 500;

const codes: Readonly<Record<number, 'invalid' | 'unauthenticated' | 'forbidden' | 'not-found'>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
};

/** GET of `path`, at the leader in the end. @throws MesosError as `MasterClient.call` */
export async function readJsonOf(leader: Leader, path: string, options: JsonReadOptions): Promise<unknown> {
  const { scheme, authorization, dispatcher, signal } = options;
  let url = new URL(`${scheme}://${leader.host}:${leader.port}${path}`);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const { statusCode, headers, body } = await request(url, {
      ...{ dispatcher, signal, headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs },
      headers: authorization === undefined ? {} : { authorization },
    }).catch((cause: Error) => {
      signal.throwIfAborted();
      throw new MesosError(`no answer from ${url.origin}: ${cause.message}`, {
        ...{ code: 'unavailable', retryable: true, cause },
      });
    });
    const text = await readLimited(body, url);
    if (statusCode === 200) return parseJson(text);
    if (statusCode !== 307 || typeof headers.location !== 'string') throw refusal(url, statusCode, text);
    url = new URL(headers.location, url);
  }
  throw new MesosError(`${leader.host}:${leader.port} redirects on and on, last to ${url.origin}`, {
    ...{ code: 'unavailable', retryable: true },
    remedy: 'the masters do not agree on their leader yet; try again',
  });
}

async function readLimited(body: AsyncIterable<Buffer>, url: URL): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > largestAnswerBytes)
      throw new MesosError(`the answer of ${url.origin} is larger than ${largestAnswerBytes} bytes`, {
        code: 'limit',
      });
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function refusal(url: URL, status: number, text: string): MesosError {
  const code = codes[status] ?? 'unavailable';
  const reason = text.trim().slice(0, longestReason);
  return new MesosError(`${url.origin} answered ${status}${reason === '' ? '' : `: ${reason}`}`, {
    ...{ code, retryable: code === 'unavailable' },
  });
}
