import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageAddress } from './head.ts';
import type { Libprocess } from './libprocess.ts';

export interface MessageHttpHandlerOptions {
  libprocess: Libprocess;
  /** Default 64 MiB. */
  largestMessageBytes?: number;
}

/** Whether the request was a libprocess message, and so has its answer. */
export type MessageHttpHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Takes libprocess messages from an HTTP server: those on connections that began with something else, which
 * `createSharedServer` has handed over. Put it before the routes.
 */
export function createMessageHttpHandler(options: MessageHttpHandlerOptions): MessageHttpHandler {
  const { libprocess, largestMessageBytes = 64 * 1024 * 1024 } = options;

  function refuse(response: ServerResponse, status: number, text: string): void {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
  }

  return (request, response) => {
    const address = messageAddress(request.method ?? '', request.url ?? '', (name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    });
    if (address === undefined) return false;
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= largestMessageBytes) parts.push(part);
    });
    request.on('end', () => {
      if (bytes > largestMessageBytes) refuse(response, 413, 'the message is too large');
      else if (!libprocess.deliver({ ...address, body: Buffer.concat(parts) }))
        refuse(response, 404, '404 Not Found.');
      else response.writeHead(202, { 'Content-Length': 0 }).end();
    });
    return true;
  };
}
