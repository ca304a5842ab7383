/**
 * Clients that follow views. Those of one view share its rendering and its messages; one that reads slowly gets fewer and
 * larger differences, and holds up nobody.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Collector } from '../collect/collector.ts';
import { MonitorError } from '../errors.ts';
import type { Renderer } from '../view/renderer.ts';
import type { ViewRequest } from '../view/request.ts';
import { type Message, messages, type Nodes, toldBy } from './difference.ts';

/** The part of a WebSocket that is needed. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** The same, for texts that many are sent and that are encoded once. */
export interface ViewSocket extends Pick<LiveSocket, 'bufferedAmount' | 'close'> {
  send(bytes: Buffer, options: { readonly binary: false }): void;
}

export interface Follow {
  readonly request: ViewRequest;
  readonly withFlows: boolean;
  /** The least time between two messages. */
  readonly intervalMs: number;
}

export interface LiveViews {
  /** Sends the view and then what changes, until the returned function is called. @throws MonitorError `limit` */
  follow(socket: ViewSocket, follow: Follow): () => void;
  readonly clients: number;
  close(): void;
}

const maxClients = 2_000;
/** A change waits this long for others to come with it. */
const gatherMs = 50;
/** Unread by a client: it gets nothing more until it has read. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** A client that has not read for this long is closed, and may come back. */
const maxStuckMs = 60_000;
const tryAgainLater = 1013;

interface Client {
  readonly socket: ViewSocket;
  /** What it was told last. */
  told: Nodes | undefined;
  busy: boolean;
  stuckSinceMs: number | undefined;
}

interface Room {
  readonly follow: Follow;
  readonly clients: Set<Client>;
  timer: Timer | undefined;
  lastMs: number;
  /** One client after the other, so that what is made for the first serves all. */
  queue: Promise<void>;
  /** The messages made last; most clients were told the same before. */
  made:
    | { readonly from: Nodes | undefined; readonly to: Nodes; readonly messages: readonly Message[] }
    | undefined;
}

const keyOf = ({ request, withFlows, intervalMs }: Follow) =>
  JSON.stringify([request.view.id, request.label, request.query, request.options, withFlows, intervalMs]);

export function createLiveViews(options: {
  readonly collector: Collector;
  readonly renderer: Renderer;
  readonly clock: Clock;
  readonly logger: Logger;
}): LiveViews {
  const { collector, renderer, clock, logger } = options;
  const rooms = new Map<string, Room>();
  let clients = 0;

  const viewOf = ({ follow }: Room): Nodes => renderer.render(collector.report(), follow.request).nodes;

  /** Made at most once for all clients that were told the same; a turn of the event loop each. */
  async function tell(room: Room, client: Client, to: Nodes): Promise<void> {
    if (client.busy) return;
    client.busy = true;
    try {
      const from = client.told;
      if (from === to) return;
      const { made } = room;
      const ready = made !== undefined && made.from === from && made.to === to ? made.messages : undefined;
      const said: Message[] = [];
      for (const message of ready ?? messages(from, to, room.follow.withFlows)) {
        // The rest is told when this much has been read: nobody's view may fill the memory.
        if (client.socket.bufferedAmount > maxWaitingBytes) {
          client.told = said.length === 0 ? from : toldBy(from, said);
          wake(room);
          return;
        }
        said.push(message);
        client.socket.send(message.bytes, { binary: false });
        if (ready === undefined) await nextTurn();
        if (!room.clients.has(client)) return;
      }
      room.made = { from, to, messages: said };
      client.told = to;
    } finally {
      client.busy = false;
    }
  }

  function isStuck(room: Room, client: Client): boolean {
    if (client.socket.bufferedAmount <= maxWaitingBytes) {
      client.stuckSinceMs = undefined;
      return false;
    }
    client.stuckSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - client.stuckSinceMs > maxStuckMs) {
      logger.warn('a client reads its view too slowly and is closed', {
        waitingBytes: client.socket.bufferedAmount,
      });
      leave(room, client);
      client.socket.close(tryAgainLater, 'too slow');
    }
    return true;
  }

  async function run(room: Room): Promise<void> {
    room.timer = undefined;
    room.lastMs = clock.monotonicMs();
    let behind = false;
    // The same for all, although more may be known by the time the last is told: so they share what is made.
    const to = viewOf(room);
    for (const client of [...room.clients]) {
      if (!isStuck(room, client)) await tell(room, client, to);
      else behind = true;
    }
    if (behind) wake(room);
  }

  function wake(room: Room): void {
    if (room.timer !== undefined || room.clients.size === 0) return;
    const sinceMs = clock.monotonicMs() - room.lastMs;
    const delayMs = Math.max(gatherMs, room.follow.intervalMs - sinceMs);
    room.timer = clock.after(delayMs, () => enqueue(room, () => run(room)), { background: true });
  }

  function enqueue(room: Room, work: () => Promise<void>): void {
    room.queue = room.queue
      .then(work)
      .catch((error: unknown) =>
        logger.error('a view could not be told', { view: room.follow.request.view.id, error }),
      );
  }

  function leave(room: Room, client: Client): void {
    if (!room.clients.delete(client)) return;
    clients--;
    if (room.clients.size > 0) return;
    room.timer?.cancel();
    rooms.delete(keyOf(room.follow));
  }

  const unsubscribe = collector.onChange(() => {
    for (const room of rooms.values()) wake(room);
  });

  return {
    get clients() {
      return clients;
    },
    follow(socket, follow) {
      if (clients >= maxClients) throw new MonitorError('limit', `${clients} clients follow views already`);
      const key = keyOf(follow);
      const room = rooms.get(key) ?? {
        ...{
          follow,
          clients: new Set<Client>(),
          timer: undefined,
          lastMs: Number.NEGATIVE_INFINITY,
          queue: Promise.resolve(),
          made: undefined,
        },
      };
      rooms.set(key, room);
      const client: Client = { socket, told: undefined, busy: false, stuckSinceMs: undefined };
      room.clients.add(client);
      clients++;
      enqueue(room, async () => {
        await tell(room, client, viewOf(room));
        // What came while the first messages were on their way.
        wake(room);
      });
      return () => leave(room, client);
    },
    close() {
      unsubscribe();
      for (const room of rooms.values()) room.timer?.cancel();
      rooms.clear();
    },
  };
}
