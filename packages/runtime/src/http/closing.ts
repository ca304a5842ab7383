/** An orderly end: what runs may finish, and nobody's idle connection holds it up. */
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../clock.ts';

/** For clients to answer the closing of their WebSocket; then the connection is cut. */
const webSocketGraceMs = 1000;

/** Answers sent while closing tell the client to let go of its connection. */
export function endConnectionsOnClose(fastify: FastifyInstance): void {
  let closing = false;
  fastify.addHook('preClose', async () => {
    closing = true;
  });
  fastify.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('Connection', 'close');
  });
}

/** Option `preClose` of the WebSocket plugin: says "going away" instead of nothing. */
export function closeWebSockets(this: FastifyInstance, done: () => void): void {
  const { websocketServer } = this;
  for (const socket of websocketServer.clients) {
    socket.close(1001, 'the server is closing');
    const timer = systemClock.after(webSocketGraceMs, () => socket.terminate(), { background: true });
    socket.once('close', () => timer.cancel());
  }
  websocketServer.close(done);
}
