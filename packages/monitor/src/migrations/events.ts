/** The coordinators' live events, told to whoever follows; nobody is listened to while nobody follows. */
import { createBackoff, type Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { WebSocket } from 'undici';
import { MonitorError } from '../errors.ts';
import type { LiveSocket } from '../live/live-views.ts';
import type { Coordinator } from './coordinator.ts';

export interface MigrationEvents {
  /** Until the returned function is called. @throws MonitorError `limit` */
  follow(socket: LiveSocket): () => void;
  close(): void;
}

const maxClients = 500;
/** Unread by a client; it is told to come back, and then reads everything anew. */
const maxWaitingBytes = 4 * 1024 * 1024;
const tryAgainLater = 1013;

/** Listens to one coordinator until it is ended, whatever breaks. */
function listen(coordinator: Coordinator, clock: Clock, tell: (message: object) => void): () => void {
  const backoff = createBackoff({ firstDelayMs: 500, maxDelayMs: 10_000 });
  let ended = false;
  let socket: WebSocket | undefined;
  let timer: Timer | undefined;

  const connect = () => {
    const { url, headers, dispatcher } = coordinator.events;
    const opened = new WebSocket(url, { headers, dispatcher });
    socket = opened;
    opened.addEventListener('open', () => {
      backoff.reset();
      tell({ kind: 'coordinator', status: { ...coordinator.status, reachable: true, problem: null } });
    });
    opened.addEventListener('message', ({ data }) => {
      const event: unknown = JSON.parse(String(data));
      if (typeof event === 'object' && event !== null) tell(event);
    });
    opened.addEventListener('close', () => {
      if (ended) return;
      const problem = {
        message: `coordinator ${coordinator.name} is not heard`,
        remedy: 'it is tried again',
      };
      tell({ kind: 'coordinator', status: { ...coordinator.status, reachable: false, problem } });
      timer = clock.after(backoff.nextDelayMs(), connect, { background: true });
    });
  };
  connect();
  return () => {
    ended = true;
    timer?.cancel();
    socket?.close();
  };
}

export function createMigrationEvents(options: {
  readonly coordinators: readonly Coordinator[];
  readonly clock: Clock;
  readonly logger: Logger;
}): MigrationEvents {
  const { coordinators, clock, logger } = options;
  const clients = new Set<LiveSocket>();
  let endings: (() => void)[] = [];

  const tell = (name: string, event: object) => {
    const text = JSON.stringify({ coordinator: name, ...event });
    for (const client of clients) {
      if (client.bufferedAmount <= maxWaitingBytes) {
        client.send(text);
        continue;
      }
      clients.delete(client);
      logger.warn('a client reads events too slowly and is closed', { waitingBytes: client.bufferedAmount });
      client.close(tryAgainLater, 'too slow');
    }
  };

  const stop = () => {
    for (const end of endings) end();
    endings = [];
  };

  return {
    follow(socket) {
      if (clients.size >= maxClients)
        throw new MonitorError('limit', `${clients.size} clients follow migrations already`);
      clients.add(socket);
      if (clients.size === 1) {
        endings = coordinators.map((each) => listen(each, clock, (event) => tell(each.name, event)));
      }
      return () => {
        clients.delete(socket);
        if (clients.size === 0) stop();
      };
    },
    close() {
      clients.clear();
      stop();
    },
  };
}
