/** One request and its answer, in the manner of libprocess: plain text for errors, no more headers than needed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal } from '@orchestrator/mesos';

/** Of a request's body. */
const largestBodyBytes = 16 * 1024 * 1024;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the `/slave(1)` prefix and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined where nobody was asked. */
  readonly principal: string | undefined;
}

/** `text`: default what Mesos says of a 404, nothing otherwise. */
export function sendText(response: ServerResponse, status: number, text?: string): void {
  const body = text ?? (status === 404 ? '404 Not Found.' : '');
  if (body !== '' || status === 404) response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.writeHead(status).end(body);
}

/** With `?jsonp=name` as a call of that function. */
export function sendJson({ response, query }: Exchange, text: string): void {
  const callback = query.get('jsonp');
  const body = callback === null ? text : `${callback}(${text})`;
  response.setHeader('Content-Type', callback === null ? 'application/json' : 'text/javascript');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.writeHead(200).end(body);
}

/** True when the method is the one that is expected; the answer is given otherwise. */
export function requirePost({ request, response }: Exchange): boolean {
  const { method = 'GET' } = request;
  if (method === 'POST') return true;
  response.setHeader('Allow', 'POST');
  sendText(response, 405, `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`);
  return false;
}

/** @throws HttpRefusal 413 for a body beyond the limit */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > largestBodyBytes) {
      throw new HttpRefusal(413, `The body is larger than ${largestBodyBytes} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
