/** Compressed answers, as libprocess gives them: to whoever asks, when they are worth it. Streams of events never are. */
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, createGzip, type Gzip, gzip } from 'node:zlib';

/** Shorter bodies go as they are. */
export const smallestGzipBytes = 1024;

/** Most of what there is to save, in a fraction of the time: large answers are asked for often. */
const options = { level: constants.Z_BEST_SPEED } as const;

/** Reads `Accept-Encoding` (RFC 9110, 12.5.3). Without one: no, although anything would be allowed then. */
export function acceptsGzip(header: string | undefined): boolean {
  const weights = new Map<string, number>();
  for (const item of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((each) => each.startsWith('q='))?.slice('q='.length) ?? '1';
    weights.set(coding, Number(weight));
  }
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}

/** Whether an answer of this length goes compressed. */
export function goesCompressed({ req }: ServerResponse, bytes: number): boolean {
  const header = req.headers['accept-encoding'];
  return bytes >= smallestGzipBytes && acceptsGzip(Array.isArray(header) ? header.join() : header);
}

const gzipWhole = promisify(gzip);

/** Off the event loop. */
export const compress = (body: string | Uint8Array): Promise<Buffer> => gzipWhole(body, options);

/** What is written to it goes on to the reader, and it ends with the reader. */
export function openGzip(response: ServerResponse): Gzip {
  const stream = createGzip(options);
  stream.pipe(response);
  response.once('close', () => stream.destroy());
  return stream;
}
