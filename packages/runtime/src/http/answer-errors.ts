import type { FastifyInstance } from 'fastify';
import type { Logger } from '../logger.ts';
import { toAnswer } from './answer.ts';

/** Makes every failure an answer of one form, and logs the defects. */
export function answerErrors(fastify: FastifyInstance, logger: Logger): void {
  fastify.setErrorHandler((error, request, reply) => {
    const { status, body, unexpected } = toAnswer(error);
    const fields = { method: request.method, path: request.url.split('?')[0], status };
    if (unexpected) logger.error('request failed', { ...fields, error });
    else logger.debug('request refused', { ...fields, code: body.code });
    return reply.status(status).send(body);
  });
  fastify.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    return reply.status(404).send({ code: 'not-found', message: `there is no ${request.method} ${path}` });
  });
}
