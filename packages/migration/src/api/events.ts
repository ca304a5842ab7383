/** Live events over a WebSocket, as JSON text; `?migration=ID` for one migration only. */
import type { HttpServer, Logger } from '@orchestrator/runtime';
import type { MigrationEvent } from '../coordinator/events.ts';
import type { MigrationService } from '../service.ts';
import { migrationView, toWire } from './wire.ts';

/** A client that reads so slowly is told to come back; it then reads the state anew. */
const maxWaitingBytes = 4 * 1024 * 1024;
const tryAgainLater = 1013;

function toMessage(event: MigrationEvent): string {
  if (event.kind === 'record') {
    const { migration, kind } = event;
    return JSON.stringify({ migration, kind, record: migrationView(event.record) });
  }
  return JSON.stringify(toWire(event));
}

export function eventStream(server: HttpServer, service: MigrationService, logger: Logger): void {
  server.webSocket({
    path: '/api/v1/events',
    role: 'viewer',
    handle: (socket, { request }) => {
      const only = new URL(request.url, 'http://localhost').searchParams.get('migration');
      const unsubscribe = service.subscribe((event) => {
        if (only !== null && event.migration !== only) return;
        if (socket.bufferedAmount > maxWaitingBytes) {
          logger.warn('a client reads events too slowly and is closed', {
            waitingBytes: socket.bufferedAmount,
          });
          socket.close(tryAgainLater, 'too slow');
          return;
        }
        socket.send(toMessage(event));
      });
      socket.on('close', unsubscribe);
    },
  });
}
