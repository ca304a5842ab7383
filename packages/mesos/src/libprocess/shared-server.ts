import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Libprocess } from './libprocess.ts';
import { acceptEither, type Tls } from './tls.ts';

export interface SharedServerOptions {
  libprocess: Libprocess;
  /** Serves whatever is no libprocess message; it does not listen itself. Fastify's is `fastify.server`. */
  http: HttpServer;
  /** Connections have to be TLS, or may be, as it says. Default: they are not. */
  tls?: Tls;
  /** Connections at a time. Default 65 536. */
  mostConnections?: number;
}

/**
 * One port for libprocess messages and the HTTP API, as masters and agents have it. Messages are parsed right on the
 * socket; a connection whose first request is something else goes to the HTTP server untouched. `listen` is the
 * caller's; `close` refuses new connections.
 */
export function createSharedServer({
  libprocess,
  http,
  tls,
  mostConnections = 65_536,
}: SharedServerOptions): Server {
  const serveHttp = (socket: Duplex) => void http.emit('connection', socket);
  const serve = (socket: Duplex) => libprocess.serve(socket, serveHttp);
  const serveSecure = tls?.acceptor(serve);
  // Half-open as in node:http: a client may end its side and still wait for the answer.
  const transport = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
  const server = createServer(transport, (socket) => {
    if (serveSecure === undefined) serve(socket);
    else if (tls?.allowsPlain === true) acceptEither(socket, serveSecure, serve);
    else serveSecure(socket);
  });
  server.maxConnections = mostConnections;
  return server;
}
