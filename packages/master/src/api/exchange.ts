/** One request and its answer, in the manner of libprocess: plain text for errors, no more headers than needed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal } from '@orchestrator/mesos';
import type { Slicer } from './slicer.ts';

export const httpLimits = {
  /** Of a request's body; ACCEPTs of thousands of tasks are a few megabytes. */
  bodyBytes: 64 * 1024 * 1024,
  /** Read and forgotten of a body that was refused, before its connection is closed in its sender's face. */
  refusedBytes: 64 * 1024 * 1024,
  /** For the sender of a refused body to send on or to close, before the connection is closed. */
  refusedIdleMs: 2_000,
} as const;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the `/master` prefix and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Who asks, as authenticated; undefined without authentication. */
  readonly principal: string | undefined;
}

const tooLarge = 413;

const reasons: Readonly<Record<number, string>> = { 404: 'Not Found', 501: 'Not Implemented' };

/** Without a text: what libprocess says of itself. */
export function sendText(response: ServerResponse, status: number, text?: string): void {
  const reason = reasons[status];
  const body = text ?? (reason === undefined ? '' : `${status} ${reason}.`);
  if (body !== '') response.setHeader('Content-Type', 'text/plain; charset=utf-8');
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
  const close = () => response.end();
  let bytes = 0;
  response.req.on('data', (part: Buffer) => {
    bytes += part.byteLength;
    if (bytes > httpLimits.refusedBytes) close();
  });
  response.req.on('end', close);
  response.setTimeout(httpLimits.refusedIdleMs, close);
}

/** With `?jsonp=name` as a call of that function. */
export function sendJson({ response, query }: Exchange, text: string): void {
  const callback = query.get('jsonp');
  const body = callback === null ? text : `${callback}(${text});`;
  response.setHeader('Content-Type', callback === null ? 'application/json' : 'text/javascript');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.writeHead(200).end(body);
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

/** @throws HttpRefusal 413 for a body beyond the limit */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes <= httpLimits.bodyBytes) parts.push(part);
      else if (parts.length > 0) {
        parts = [];
        reject(new HttpRefusal(413, `The body is larger than ${httpLimits.bodyBytes} bytes`));
      }
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', () => reject(new HttpRefusal(400, 'The body broke off')));
    request.on('close', () => reject(new HttpRefusal(400, 'The body broke off')));
  });
}

/** Sends an answer in chunks, no faster than the reader takes them. A reader that goes away ends it. */
export async function sendChunks(
  response: ServerResponse,
  contentType: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  slicer: Slicer,
): Promise<void> {
  response.setHeader('Content-Type', contentType);
  response.writeHead(200);
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
    await slicer.pause();
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
