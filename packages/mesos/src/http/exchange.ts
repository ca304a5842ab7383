/** One request and its answer, in the manner of libprocess: plain text for errors, no more headers than needed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '@orchestrator/runtime/clock';
import { compress, goesCompressed } from './gzip.ts';
import { HttpRefusal } from './negotiate.ts';

export const httpLimits = {
  /** Of a request's body, unless something else is said; ACCEPTs of thousands of tasks are a few megabytes. */
  bodyBytes: 64 * 1024 * 1024,
  /** Read and forgotten of a body that was refused, before its connection is closed in its sender's face. */
  refusedBytes: 64 * 1024 * 1024,
  /** For the sender of a refused body to send on or to close, before the connection is closed. */
  refusedIdleMs: 2_000,
} as const;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the `/master` or `/slave(1)` prefix and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Who asks, as authenticated; undefined without authentication. */
  readonly principal: string | undefined;
}

const tooLarge = 413;
const plainText = 'text/plain; charset=utf-8';

const reasons: Readonly<Record<number, string>> = { 404: 'Not Found', 501: 'Not Implemented' };

/** Without a text: what libprocess says of itself. */
export function sendText(response: ServerResponse, status: number, text?: string): void {
  const reason = reasons[status];
  const body = text ?? (reason === undefined ? '' : `${status} ${reason}.`);
  if (body !== '' || status === 404) response.setHeader('Content-Type', plainText);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  if (status === tooLarge) refuseAndClose(response, body);
  else response.writeHead(status).end(body);
}

/**
 * Answers at once and closes when the sender has seen it. A connection that is closed over bytes that nobody has read is
 * reset, and the reset takes the answer with it.
 */
function refuseAndClose(response: ServerResponse, body: string): void {
  response.setHeader('Connection', 'close');
  response.writeHead(tooLarge).write(body);
  const close = () => {
    idle.cancel();
    response.end();
  };
  const waitForMore = () => systemClock.after(httpLimits.refusedIdleMs, close, { background: true });
  let idle = waitForMore();
  let bytes = 0;
  response.req.on('data', (part: Buffer) => {
    idle.cancel();
    idle = waitForMore();
    bytes += part.byteLength;
    if (bytes > httpLimits.refusedBytes) close();
  });
  response.req.on('end', close);
  response.on('close', close);
}

/** 200 with a body of any kind, compressed for whoever asks. */
export function sendBody(response: ServerResponse, contentType: string, body: string | Uint8Array): void {
  response.setHeader('Content-Type', contentType);
  const bytes = Buffer.byteLength(body);
  if (!goesCompressed(response, bytes)) {
    response.setHeader('Content-Length', bytes);
    response.writeHead(200).end(body);
    return;
  }
  response.setHeader('Content-Encoding', 'gzip');
  compress(body).then(
    (shorter) => {
      response.setHeader('Content-Length', shorter.length);
      response.writeHead(200).end(shorter);
    },
    (error: Error) => response.destroy(error),
  );
}

/** With `?jsonp=name` as a call of that function. */
export function sendJson({ response, query }: Exchange, text: string): void {
  const callback = query.get('jsonp');
  if (callback === null) sendBody(response, 'application/json', text);
  else sendBody(response, 'text/javascript', `${callback}(${text});`);
}

export function sendMethodNotAllowed(
  response: ServerResponse,
  allowed: readonly string[],
  method: string,
): void {
  const names = allowed.map((each) => `'${each}'`).join(', ');
  response.setHeader('Allow', allowed.join(', '));
  sendText(response, 405, `405 Method Not Allowed. Expecting one of { ${names} }, but received '${method}'.`);
}

/** @throws HttpRefusal 413 for a body beyond the limit, 400 for one that broke off */
export function readBody(
  request: IncomingMessage,
  largestBytes: number = httpLimits.bodyBytes,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes <= largestBytes) parts.push(part);
      else if (parts.length > 0) {
        parts = [];
        reject(new HttpRefusal(413, `The body is larger than ${largestBytes} bytes`));
      }
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', () => reject(new HttpRefusal(400, 'The body broke off')));
    request.on('close', () => {
      // An error costs what its stack does: none for each of thousands of requests that are over.
      if (!request.readableEnded) reject(new HttpRefusal(400, 'The body broke off'));
    });
  });
}
