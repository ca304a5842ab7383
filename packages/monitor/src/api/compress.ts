import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const zip = promisify(gzip);
/** Smaller answers are not worth it. */
const leastBytes = 4_096;

const fast = { level: constants.Z_BEST_SPEED };
const isJson = (type: unknown) => String(type).startsWith('application/json');

/** Large answers are compressed for those who take it; views of thousands of nodes shrink to a tenth. */
export function compressAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply, payload) => {
    const accepts = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    if (!accepts || reply.hasHeader('Content-Encoding')) return payload;
    const isLong = typeof payload === 'string' && payload.length >= leastBytes;
    const isStream = payload instanceof Readable && isJson(reply.getHeader('Content-Type'));
    if (!isLong && !isStream) return payload;
    reply.header('Content-Encoding', 'gzip').header('Vary', 'Accept-Encoding').removeHeader('Content-Length');
    if (isLong) return zip(payload, fast);
    // Whichever end fails ends the other; the client sees an answer that is cut off.
    return pipeline(payload, createGzip(fast), () => undefined);
  });
}
