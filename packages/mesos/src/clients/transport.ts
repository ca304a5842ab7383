import { type Dispatcher, errors, request } from 'undici';
import { MesosError, type MesosErrorCode } from '../errors.ts';
import { type BodyFormat, mediaTypes } from '../http/format.ts';

export interface TransportOptions {
  /** `https` for masters and agents that have TLS. Default `http`. */
  scheme?: 'http' | 'https';
  /** Default `json`; protobuf costs less on both sides. */
  format?: BodyFormat;
  /** Whole value of the Authorization header: `Basic …`, `Bearer …`. */
  authorization?: string;
  /** For the headers of an answer, and for the whole of one that is no stream. Default 30 000. */
  callTimeoutMs?: number;
  /** Largest answer taken that is no stream. Default 256 MiB. */
  largestAnswerBytes?: number;
  /** Redirects followed for one call. Default 3. */
  mostRedirects?: number;
  /** Connections, TLS and proxies of undici. Default its global one. */
  dispatcher?: Dispatcher;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Dispatcher.ResponseData['body'];
  /** After redirects. */
  url: URL;
}

export interface PostOptions {
  url: URL;
  body: Dispatcher.DispatchOptions['body'] & (string | Uint8Array | NodeJS.ReadableStream);
  headers?: Record<string, string>;
  /** The answer streams for as long as it likes. */
  stream?: boolean;
  signal?: AbortSignal | undefined;
}

export interface Transport {
  readonly format: BodyFormat;
  readonly scheme: 'http' | 'https';
  readonly largestAnswerBytes: number;
  /** The answer whatever its status, after redirects. Throws `MesosError` when there is none. */
  post(options: PostOptions): Promise<Answer>;
}

/** Never reached the other side: sending it again does no harm. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function networkError(url: URL, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error ? String(Reflect.get(cause, 'code') ?? '') : '';
  const message = `no answer from ${url.origin}: ${reason || code}`;
  if (cause instanceof errors.HeadersTimeoutError) return new MesosError(message, { code: 'timeout', cause });
  const unsent = notSent.has(code);
  return new MesosError(message, {
    code: unsent ? 'unavailable' : 'outcome-unknown',
    retryable: unsent,
    cause,
  });
}

export function createTransport(options: TransportOptions = {}): Transport {
  const { scheme = 'http', format = 'json', authorization, dispatcher } = options;
  const { callTimeoutMs = 30_000, largestAnswerBytes = 256 * 1024 * 1024, mostRedirects = 3 } = options;

  async function attempt({ url, body, headers, stream = false, signal }: PostOptions): Promise<Answer> {
    try {
      const {
        statusCode,
        headers: received,
        body: answer,
      } = await request(url, {
        method: 'POST',
        headers: {
          'content-type': mediaTypes[format],
          accept: mediaTypes[format],
          ...(authorization === undefined ? {} : { authorization }),
          ...headers,
        },
        body: body as string,
        headersTimeout: callTimeoutMs,
        bodyTimeout: stream ? 0 : callTimeoutMs,
        ...(dispatcher === undefined ? {} : { dispatcher }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: statusCode, headers: received, body: answer, url };
    } catch (error) {
      throw networkError(url, error, signal);
    }
  }

  return {
    format,
    scheme,
    largestAnswerBytes,
    async post(options) {
      let url = options.url;
      for (let redirects = 0; ; redirects++) {
        const answer = await attempt({ ...options, url });
        const { location } = answer.headers;
        if (answer.status !== 307 || typeof location !== 'string') return answer;
        await answer.body.dump();
        if (redirects >= mostRedirects) {
          throw new MesosError(`${options.url.origin} redirects on and on, last to ${location}`, {
            code: 'unavailable',
            retryable: true,
            remedy: 'the masters do not agree on their leader yet; try again',
          });
        }
        url = new URL(location, url); // protocol-relative, with the path: //host:port/master/api/v1
      }
    },
  };
}

const codes: Readonly<Record<number, MesosErrorCode>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'invalid',
  406: 'invalid',
  409: 'conflict',
  413: 'limit',
  415: 'invalid',
};

/** Longest text of a refusal that is shown. */
const longestReason = 2_000;

/** The whole body, if it is not larger than allowed. */
export async function readBody({ body, url }: Answer, largestBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of body) {
      bytes += part.length;
      if (bytes > largestBytes) {
        throw new MesosError(`the answer of ${url.origin} is larger than the ${largestBytes} bytes allowed`, {
          code: 'limit',
        });
      }
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof MesosError ? error : networkError(url, error, undefined);
  }
  return Buffer.concat(parts);
}

/** Throws `MesosError` for an answer that is none of 2xx: its text is the message. */
export async function requireSuccess(answer: Answer): Promise<void> {
  if (answer.status >= 200 && answer.status < 300) return;
  const text = (await readBody(answer, 1024 * 1024)).toString().slice(0, longestReason);
  const code = codes[answer.status] ?? 'unavailable';
  throw new MesosError(`${answer.url.origin} answered ${answer.status}: ${text}`, {
    code,
    retryable: code === 'unavailable',
  });
}
