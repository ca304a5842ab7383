import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { addRoute } from './add-route.ts';
import { answerErrors } from './answer-errors.ts';
import { type AuthOptions, createAuthenticator } from './auth.ts';
import { closeWebSockets, endConnectionsOnClose } from './closing.ts';
import { guard, principalOf } from './guard.ts';
import { securitySchemes } from './openapi.ts';
import { isLoopback } from './origin.ts';
import type { Route, RouteSchemas, WebSocketRoute } from './route.ts';

export interface HttpServerOptions {
  logger: Logger;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free one; see `listen`. */
  port?: number;
  /** Given: HTTPS. All in PEM. */
  tls?: HttpTls;
  /** `off` is refused for addresses that other machines can reach, unless `allowOpenAccess` is set. */
  auth: AuthOptions | 'off';
  /** Whoever can reach the address may do everything. Default false. */
  allowOpenAccess?: boolean;
  /** Origins besides the server's own whose pages may write and open WebSockets. */
  allowedOrigins?: readonly string[];
  /** Served at `/metrics`, to viewers. */
  metrics?: Metrics;
  /** Asked at `/healthz`, which needs no credentials: what is wrong, or undefined. */
  health?: () => Promise<string | undefined> | string | undefined;
  /** Where the OpenAPI document is served, to everybody, and what it says of itself. */
  openApi?: { path: string; title: string; version: string; description?: string };
  /** Default 1 MiB. */
  bodyLimitBytes?: number;
  /** Largest WebSocket message taken. Default 1 MiB. */
  webSocketLimitBytes?: number;
  /** WebSocket messages are compressed for clients that take it: less on the wire, much more processor time. Default false. */
  compressWebSockets?: boolean;
  /** For a whole request to arrive. Default 30 000. */
  requestTimeoutMs?: number;
}

export interface HttpTls {
  cert: string | Buffer;
  key: string | Buffer;
  /** Authorities of client certificates. */
  ca?: string | Buffer;
  /** `request`: for the principals of `auth.certificates`; `require`: nobody gets in without. Default `none`. */
  clientCertificate?: 'none' | 'request' | 'require';
}

export interface HttpServer {
  /** Before `listen`. */
  route<const Schemas extends RouteSchemas>(route: Route<Schemas>): void;
  webSocket(route: WebSocketRoute): void;
  /** Resolves to the base URL. */
  listen(): Promise<string>;
  /** Refuses new requests, lets running ones end, closes WebSockets with 1001. */
  close(): Promise<void>;
  /** For what the routes above do not cover, such as serving files. Hooks and authentication apply there too. */
  readonly fastify: FastifyInstance;
}

const mebibyte = 1024 * 1024;
/** Without a context that is kept for each client, which would take 300 KB of memory. */
const deflate = {
  ...{ serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 1_024, concurrencyLimit: 2 },
  zlibDeflateOptions: { level: 1 },
};

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 0, auth, logger, allowedOrigins = [] } = options;
  refuseOpenAccess(host, options);
  const policy = { allowedOrigins, loopbackNamesOnly: auth === 'off' && isLoopback(host) };
  const fastify = createFastify(options);
  await fastify.register(websocket, {
    options: {
      maxPayload: options.webSocketLimitBytes ?? mebibyte,
      perMessageDeflate: options.compressWebSockets === true && deflate,
    },
    preClose: closeWebSockets,
    errorHandler: (error, socket) => {
      logger.error('WebSocket failed', { error });
      socket.close(1011, 'internal error');
    },
  });
  if (options.openApi !== undefined) await serveOpenApi(fastify, options.openApi);
  guard(fastify, createAuthenticator(auth), policy);
  answerErrors(fastify, logger);
  endConnectionsOnClose(fastify);
  addOwnRoutes(fastify, options);

  return {
    fastify,
    route: (route) => addRoute(fastify, route, auth !== 'off'),
    webSocket(route) {
      const config = { role: route.role };
      fastify.get(route.path, { websocket: true, config, schema: { hide: true } }, (socket, request) => {
        socket.on('error', (error) => logger.warn('WebSocket broke', { path: route.path, error }));
        return route.handle(socket, { principal: principalOf(request), request });
      });
    },
    listen: () => fastify.listen({ host, port }),
    close: () => fastify.close(),
  };
}

function refuseOpenAccess(host: string, { auth, allowOpenAccess = false }: HttpServerOptions): void {
  if (auth !== 'off' || allowOpenAccess || isLoopback(host)) return;
  throw new OrchestratorError(`authentication is off, and ${host} can be reached from other machines`, {
    code: 'config',
    remedy: 'listen on 127.0.0.1, configure tokens or users, or allow open access explicitly',
  });
}

function createFastify(options: HttpServerOptions): FastifyInstance {
  const { tls, bodyLimitBytes = mebibyte, requestTimeoutMs = 30_000 } = options;
  const clientCertificate = tls?.clientCertificate ?? 'none';
  const https =
    tls === undefined
      ? null
      : {
          cert: tls.cert,
          key: tls.key,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          minVersion: 'TLSv1.2' as const,
          requestCert: clientCertificate !== 'none',
          rejectUnauthorized: clientCertificate === 'require',
        };
  const fastify = Fastify({
    https,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  });
  // zod checks requests and JSON.stringify writes answers; the schemas of routes only document.
  fastify.setValidatorCompiler(() => (value) => ({ value }));
  fastify.setSerializerCompiler(() => (value) => JSON.stringify(value));
  return fastify as unknown as FastifyInstance;
}

function addOwnRoutes(fastify: FastifyInstance, { metrics, health }: HttpServerOptions): void {
  const hidden = { hide: true };
  fastify.get('/healthz', { config: { role: 'anyone' }, schema: hidden }, async (_request, reply) => {
    const problem = await health?.();
    return problem === undefined
      ? { status: 'ok' }
      : reply.status(503).send({ status: 'unhealthy', problem });
  });
  if (metrics === undefined) return;
  fastify.get('/metrics', { schema: hidden }, async (_request, reply) => {
    const { body, contentType } = await metrics.text();
    return reply.header('Content-Type', contentType).send(body);
  });
}

async function serveOpenApi(fastify: FastifyInstance, openApi: NonNullable<HttpServerOptions['openApi']>) {
  const { path, ...info } = openApi;
  await fastify.register(swagger, { openapi: { openapi: '3.0.3', info, components: { securitySchemes } } });
  fastify.get(path, { config: { role: 'anyone' }, schema: { hide: true } }, () => fastify.swagger());
}
