import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const zip = promisify(gzip);
/** Smaller answers are not worth it. */
const leastBytes = 4_096;

/** Large answers are compressed for those who take it; views of thousands of nodes shrink to a tenth. */
export function compressAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply, payload) => {
    const accepts = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    if (!accepts || typeof payload !== 'string' || payload.length < leastBytes) return payload;
    if (reply.hasHeader('Content-Encoding')) return payload;
    const zipped = await zip(payload, { level: constants.Z_BEST_SPEED });
    reply.header('Content-Encoding', 'gzip').header('Vary', 'Accept-Encoding').removeHeader('Content-Length');
    return zipped;
  });
}
