/** WebSockets end with the session that opened them: nobody looks on, or types on, who has been logged out. */
import type { HttpServer } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Sessions } from '../keep/sessions.ts';

const checkEveryMs = 5_000;
const policyViolation = 1008;

/** @returns what ends the watch */
export function endSocketsWithSessions(
  { fastify }: HttpServer,
  sessions: Sessions,
  clock: Clock,
): () => void {
  type Clients = typeof fastify.websocketServer;
  const requests = new WeakMap<object, Parameters<Sessions['isOver']>[0]>();
  let timer: Timer | undefined;
  const check = () => {
    const { websocketServer } = fastify;
    for (const socket of websocketServer.clients) {
      const request = requests.get(socket);
      if (request !== undefined && sessions.isOver(request) === true)
        socket.close(policyViolation, 'the session is over');
    }
    timer = clock.after(checkEveryMs, check, { background: true });
  };
  fastify.addHook('onReady', async () => {
    const server: Clients = fastify.websocketServer;
    server.on('connection', (socket, request) => requests.set(socket, request));
    check();
  });
  return () => timer?.cancel();
}
