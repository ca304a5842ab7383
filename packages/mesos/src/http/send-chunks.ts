import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { goesCompressed, openGzip, smallestGzipBytes } from './gzip.ts';

type Chunk = string | Uint8Array;

const lengthOf = (chunk: Chunk) => Buffer.byteLength(chunk);

/** Resolves when `body` takes more, or nobody reads it any longer. */
function drained(body: Writable, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      body.off('drain', done);
      response.off('close', done);
      resolve();
    };
    body.on('drain', done);
    response.on('close', done);
  });
}

export interface SendOptions {
  /** `pause` is awaited after each chunk: what else there is to do gets its turn. */
  readonly turns: { pause(): Promise<void> | undefined };
  /** A chunk is out of our hands, and its memory may be used again. Not called for one that a reader did not take. */
  readonly onSent?: (chunk: Uint8Array) => void;
}

/**
 * Sends an answer in chunks, no faster than the reader takes them, compressed for whoever asks. A reader that goes away
 * ends it.
 */
export async function sendChunks(
  response: ServerResponse,
  contentType: string,
  chunks: Iterable<Chunk> | AsyncIterable<Chunk>,
  { turns, onSent }: SendOptions,
): Promise<void> {
  response.setHeader('Content-Type', contentType);
  let held: Chunk[] = [];
  let heldBytes = 0;
  let body: Writable | undefined;

  function write(to: Writable, chunk: Chunk): boolean {
    if (onSent === undefined || typeof chunk === 'string') return to.write(chunk);
    return to.write(chunk, (error) => {
      if (!error) onSent(chunk);
    });
  }

  /** Once it is known whether there is enough to compress. */
  function open(): Writable {
    const isCompressed = goesCompressed(response, heldBytes);
    if (isCompressed) {
      response.setHeader('Content-Encoding', 'gzip');
      response.removeHeader('Content-Length');
    }
    response.writeHead(200);
    const opened = isCompressed ? openGzip(response) : response;
    for (const chunk of held) write(opened, chunk);
    held = [];
    return opened;
  }

  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (body === undefined) {
      held.push(chunk);
      heldBytes += lengthOf(chunk);
      if (heldBytes >= smallestGzipBytes) body = open();
    } else if (!write(body, chunk)) await drained(body, response);
    await turns.pause();
  }
  if (response.destroyed) return;
  if (body === undefined && !response.hasHeader('Content-Length'))
    response.setHeader('Content-Length', heldBytes);
  (body ?? open()).end();
}
