/** The Engine API as far as a probe needs it: over the unix socket or TCP, with node:http alone. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { ProbeError } from '../errors.ts';
import { request as httpRequest } from '../node-http.ts';

export interface DockerApiOptions {
  /** Default `/var/run/docker.sock`. */
  readonly socketPath?: string;
  /** Milliseconds until an answer begins. Default 20 000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

export interface DockerApi {
  /** @throws ProbeError `unavailable` without an engine, `not-found`, `conflict`, `invalid` as it answers */
  get(path: string): Promise<unknown>;
  post(path: string, body?: object): Promise<unknown>;
  delete(path: string): Promise<void>;
  /** A header of the answer; empty if it is not there. */
  header(path: string, name: string): Promise<string>;
  /** An answer that does not end by itself. */
  stream(path: string): Promise<Readable>;
  /** The connection itself, after the engine has agreed to talk plainly. */
  hijack(path: string, body?: object): Promise<Duplex>;
}

const largestAnswerBytes = 32 * 2 ** 20;
const apiVersion = '/v1.40';

function failureOf(path: string, status: number, text: string): ProbeError {
  let message = text.trim();
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) message = String(Reflect.get(parsed, 'message'));
  } catch {
    // Not every refusal is JSON; its text says enough.
  }
  const code =
    status === 404 ? 'not-found' : status === 409 ? 'conflict' : status < 500 ? 'invalid' : 'unavailable';
  return new ProbeError(`the Docker Engine refused ${path}: ${message}`, {
    code,
    retryable: code === 'unavailable',
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > largestAnswerBytes) {
      answer.destroy();
      throw new ProbeError(`an answer of the Docker Engine is larger than ${largestAnswerBytes} bytes`, {
        code: 'limit',
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A container that does not heed its signal is stopped after ten seconds, and answered about only then. */
const patienceMs = 20_000;

/** Talks to one engine. Connections are made for each call: over a unix socket that is cheaper than keeping them. */
export function dockerApi(options: DockerApiOptions = {}): DockerApi {
  const { socketPath = '/var/run/docker.sock', timeoutMs = patienceMs, clock = systemClock } = options;

  const send = (method: string, path: string, body: object | undefined, headers: Record<string, string>) => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const request: ClientRequest = httpRequest({
      socketPath,
      method,
      path: `${apiVersion}${path}`,
      agent: false,
      headers: {
        host: 'docker',
        ...headers,
        ...(bytes === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
      },
    });
    const patience = clock.after(
      timeoutMs,
      () => request.destroy(new Error(`no answer to ${method} ${path} within ${timeoutMs} ms`)),
      { background: true },
    );
    for (const answer of ['response', 'upgrade', 'close']) request.once(answer, () => patience.cancel());
    request.end(bytes);
    return request;
  };

  const unreachable = (path: string, cause: Error) =>
    new ProbeError(`the Docker Engine at ${socketPath} does not answer ${path}`, {
      code: 'unavailable',
      retryable: true,
      cause,
      remedy: 'check that it runs and that the probe may use its socket',
    });

  const answerTo = (
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const request = send(method, path, body, headers);
      request.once('error', (error) => reject(unreachable(path, error)));
      request.once('response', resolve);
    });

  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await answerTo(method, path, body);
    const text = await textOf(answer);
    const status = answer.statusCode ?? 0;
    // 304: it is in the wanted state already.
    if (status >= 400) throw failureOf(path, status, text);
    return text === '' ? undefined : JSON.parse(text);
  };

  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    async delete(path) {
      await call('DELETE', path);
    },
    async header(path, name) {
      const answer = await answerTo('HEAD', path);
      answer.resume();
      const status = answer.statusCode ?? 0;
      if (status >= 400) throw failureOf(path, status, 'it is not there');
      const value = answer.headers[name];
      return typeof value === 'string' ? value : '';
    },
    async stream(path) {
      const answer = await answerTo('GET', path);
      const status = answer.statusCode ?? 0;
      if (status >= 400) throw failureOf(path, status, await textOf(answer));
      return answer;
    },
    hijack: (path, body) =>
      new Promise((resolve, reject) => {
        const headers = { connection: 'Upgrade', upgrade: 'tcp' };
        const request = send('POST', path, body, headers);
        request.once('error', (error) => reject(unreachable(path, error)));
        request.once('upgrade', (_answer, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        request.once('response', (answer) => {
          textOf(answer).then(
            (text) => reject(failureOf(path, answer.statusCode ?? 0, text)),
            (error) => reject(error),
          );
        });
      }),
  };
}
