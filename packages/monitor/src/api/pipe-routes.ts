/** The viewer's end of pipes: terminals and logs. Only who opened a pipe may look at it. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import { MonitorError } from '../errors.ts';
import type { Services } from './services.ts';

/** Unread by a viewer; a pipe whose viewer reads more slowly than that is ended. */
const maxWaitingBytes = 8 * 1024 * 1024;
const params = z.object({ id: z.string().min(1).max(200) });
const tags = ['pipes'];

const [normalEnd, policyViolation] = [1000, 1008];
/** Of a closing frame. */
const maxReasonLength = 120;

export function pipeRoutes(server: HttpServer, { pipes, audit }: Services): void {
  server.webSocket({
    path: '/api/pipe/:id',
    role: 'viewer',
    handle: (socket, { principal, request }) => {
      const { id } = request.params as { id: string };
      try {
        const end = pipes.attach(
          id,
          {
            send(bytes) {
              if (socket.bufferedAmount > maxWaitingBytes) return false;
              socket.send(bytes);
              return true;
            },
            close: (reason) => socket.close(normalEnd, reason.slice(0, maxReasonLength)),
          },
          principal.name,
        );
        socket.on('message', (data) =>
          end.write(Buffer.isBuffer(data) ? data : Buffer.concat([data].flat() as Buffer[])),
        );
        socket.on('close', () => end.detach());
      } catch (error) {
        if (!(error instanceof MonitorError)) throw error;
        socket.close(policyViolation, error.message.slice(0, maxReasonLength));
      }
    },
  });
  server.route({
    ...{
      method: 'GET',
      path: '/api/pipe/:id/check',
      role: 'viewer',
      tags,
      summary: 'Whether a pipe is open',
    },
    schemas: { params },
    handle: ({ params: { id } }) => {
      if (!pipes.has(id)) throw new MonitorError('not-found', `pipe ${id} is not open`);
    },
  });
  server.route({
    ...{ method: 'DELETE', path: '/api/pipe/:id', role: 'viewer', tags, summary: 'Ends a pipe' },
    schemas: { params },
    handle: ({ params: { id }, principal }) =>
      audit.record(principal, 'pipe.end', id, null, () => pipes.end(id, principal.name)),
  });
}
