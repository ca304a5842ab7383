/** One request and its answer, in the manner of libprocess: plain text for errors, no more headers than needed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal } from '@orchestrator/mesos';
import type { Slicer } from './slicer.ts';

export const httpLimits = {
  /** Of a request's body; ACCEPTs of thousands of tasks are a few megabytes. */
  bodyBytes: 64 * 1024 * 1024,
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

/** What is left of it is not worth waiting for. */
const endsConnection = 413;

const reasons: Readonly<Record<number, string>> = { 404: 'Not Found', 501: 'Not Implemented' };

/** Without a text: what libprocess says of itself. */
export function sendText(response: ServerResponse, status: number, text?: string): void {
  const reason = reasons[status];
  const body = text ?? (reason === undefined ? '' : `${status} ${reason}.`);
  if (body !== '') response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (status === endsConnection) response.setHeader('Connection', 'close');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.writeHead(status).end(body);
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
    // Read on beyond the limit, and forgotten: who is still sending would not see the answer otherwise.
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
