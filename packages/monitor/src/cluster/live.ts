/** Clients that follow the cluster. A difference is made once for all; who reads too slowly gets everything anew later. */
import type { Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import type { LiveSocket } from '../live/live-views.ts';
import type { ClusterDifference } from '../schema/index.ts';

export interface ClusterLive {
  /** Sends everything, then what changes, until the returned function is called. @throws MonitorError `limit` */
  follow(socket: LiveSocket): () => void;
  /** Something has changed: it is told soon, together with what comes until then. */
  wake(): void;
  readonly clients: number;
  close(): void;
}

export interface ClusterPictures {
  /** Everything as it is now. */
  whole(): ClusterDifference;
  /** What has changed since it was asked last; undefined if nothing has. */
  difference(): ClusterDifference | undefined;
}

const maxClients = 500;
const gatherMs = 250;
const maxWaitingBytes = 8 * 1024 * 1024;
const maxStuckMs = 60_000;
const tryAgainLater = 1013;

interface Client {
  readonly socket: LiveSocket;
  /** Has missed something since then. */
  behindSinceMs: number | undefined;
}

export function createClusterLive(options: {
  readonly pictures: ClusterPictures;
  readonly clock: Clock;
  readonly logger: Logger;
}): ClusterLive {
  const { pictures, clock, logger } = options;
  const clients = new Set<Client>();
  let timer: Timer | undefined;

  const drop = (client: Client) => {
    clients.delete(client);
    logger.warn('a client reads the cluster too slowly and is closed', {
      waitingBytes: client.socket.bufferedAmount,
    });
    client.socket.close(tryAgainLater, 'too slow');
  };

  /** True if it can be told something now. */
  const isReady = (client: Client): boolean => {
    if (client.socket.bufferedAmount <= maxWaitingBytes) return true;
    client.behindSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - client.behindSinceMs > maxStuckMs) drop(client);
    else wake();
    return false;
  };

  const tell = () => {
    timer = undefined;
    const difference = pictures.difference();
    const text = difference === undefined ? undefined : JSON.stringify(difference);
    let whole: string | undefined;
    for (const client of clients) {
      if (!isReady(client)) continue;
      if (client.behindSinceMs !== undefined) {
        whole ??= JSON.stringify(pictures.whole());
        client.behindSinceMs = undefined;
        client.socket.send(whole);
      } else if (text !== undefined) client.socket.send(text);
    }
  };

  const wake = () => {
    if (clients.size > 0) timer ??= clock.after(gatherMs, tell, { background: true });
  };

  return {
    get clients() {
      return clients.size;
    },
    wake,
    follow(socket) {
      if (clients.size >= maxClients)
        throw new MonitorError('limit', `${clients.size} clients follow the cluster already`);
      const client: Client = { socket, behindSinceMs: undefined };
      socket.send(JSON.stringify(pictures.whole()));
      clients.add(client);
      // What has changed since the last difference is told again, and is the same.
      wake();
      return () => clients.delete(client);
    },
    close() {
      timer?.cancel();
      clients.clear();
    },
  };
}
