import type { FastifyInstance } from 'fastify';
import { OrchestratorError } from '../errors.ts';
import { describeRoute } from './openapi.ts';
import type { Route, RouteContext, RouteSchemas } from './route.ts';
import { validate } from './validate.ts';

/** @param secured the server asks for credentials, so the document says that this route does */
export function addRoute<Schemas extends RouteSchemas>(
  fastify: FastifyInstance,
  route: Route<Schemas>,
  secured: boolean,
): void {
  const { method, path, role, schemas = {} as Schemas, status, bodyLimitBytes } = route;
  fastify.route({
    method,
    url: path,
    config: { role },
    ...(bodyLimitBytes === undefined ? {} : { bodyLimit: bodyLimitBytes }),
    schema: describeRoute(schemas, route, secured && role !== 'anyone'),
    async handler(request, reply) {
      const gone = new AbortController();
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished)
          gone.abort(new OrchestratorError('the client has gone', { code: 'cancelled' }));
      });
      const context = {
        params: schemas.params && validate('path', schemas.params, request.params),
        query: schemas.query && validate('query', schemas.query, request.query),
        body: schemas.body && validate('body', schemas.body, request.body),
        principal: request.principal ?? { name: 'anonymous', role: 'viewer' },
        signal: gone.signal,
        reply,
      } as RouteContext<Schemas>;
      const result = await route.handle(context);
      if (reply.sent) return reply;
      return reply.status(status ?? (result === undefined ? 204 : 200)).send(result);
    },
  });
}
