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
import { type Extent, type Message, type Nodes, type Step, stepTo, toldBy } from './difference.ts';

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
  /** The least time between two messages of what has only been measured: metrics and rates. All else is told at once. */
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
/** From one message to the next. */
const leastGapMs = 100;
/** The longer it takes to bring the views up to date, the longer is the gap, until this part of the time goes into it. */
const largestShare = 0.1;
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

/** Messages that were made, and what whoever gets them knows then. */
interface Made extends Step {
  readonly from: Nodes | undefined;
  readonly to: Nodes;
  readonly extent: Extent;
  readonly told: Nodes | undefined;
}

interface Room {
  readonly follow: Follow;
  readonly clients: Set<Client>;
  timer: { readonly atMs: number; readonly timer: Timer } | undefined;
  lastMs: number;
  /** When measurements were told last. */
  measuredMs: number;
  /** What it took to bring the view up to date. */
  costMs: number;
  /** One client after the other, so that what is made for the first serves all. */
  queue: Promise<void>;
  /** The messages made last; most clients were told the same before. */
  made: Made | undefined;
}

const newRoom = (follow: Follow): Room => ({
  ...{ follow, clients: new Set(), timer: undefined, queue: Promise.resolve(), made: undefined },
  ...{ lastMs: Number.NEGATIVE_INFINITY, measuredMs: Number.NEGATIVE_INFINITY, costMs: 0 },
});

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

  function viewOf(room: Room): Nodes {
    const startMs = clock.monotonicMs();
    const { nodes } = renderer.render(collector.report(), room.follow.request);
    room.costMs = clock.monotonicMs() - startMs;
    return nodes;
  }

  /** Made at most once for all clients that were told the same; a turn of the event loop each. */
  async function tell(room: Room, client: Client, to: Nodes, extent: Extent): Promise<void> {
    if (client.busy) return;
    client.busy = true;
    try {
      const from = client.told;
      if (from === to) return;
      const last = room.made;
      const isMade = last !== undefined && last.from === from && last.to === to && last.extent === extent;
      const made = isMade ? last : undefined;
      const step = made ?? stepTo(from, to, extent, room.follow.withFlows);
      const said: Message[] = [];
      for (const message of step.messages) {
        // The rest is told when this much has been read: nobody's view may fill the memory.
        if (client.socket.bufferedAmount > maxWaitingBytes) {
          client.told = toldBy(from, said);
          wake(room);
          return;
        }
        said.push(message);
        client.socket.send(message.bytes, { binary: false });
        if (made === undefined) await nextTurn();
        if (!room.clients.has(client)) return;
      }
      const { isPart } = step;
      room.made = made ?? {
        from,
        to,
        extent,
        messages: said,
        isPart,
        told: isPart ? toldBy(from, said) : to,
      };
      client.told = room.made.told;
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
    room.lastMs = clock.monotonicMs();
    const measuredAtMs = room.measuredMs + room.follow.intervalMs;
    const extent = room.lastMs < measuredAtMs ? 'news' : 'all';
    // The same for all, although more may be known by the time the last is told: so they share what is made.
    const to = viewOf(room);
    let isBehind = false;
    for (const client of [...room.clients]) {
      if (isStuck(room, client)) isBehind = true;
      else await tell(room, client, to, extent);
    }
    // From its end on: however long it takes, there is time for news before the next.
    if (extent === 'all') room.measuredMs = clock.monotonicMs();
    if (isBehind) wake(room);
    const isPart = [...room.clients].some(({ told }) => told !== to);
    if (isPart && extent === 'news') wakeAt(room, measuredAtMs);
  }

  function wake(room: Room): void {
    const workMs = (room.costMs * rooms.size) / largestShare;
    const gapMs = Math.max(leastGapMs, Math.min(room.follow.intervalMs, workMs));
    wakeAt(room, Math.max(clock.monotonicMs() + gatherMs, room.lastMs + gapMs));
  }

  /** Then, or earlier if that is what has been settled already. */
  function wakeAt(room: Room, atMs: number): void {
    if (room.clients.size === 0 || (room.timer !== undefined && room.timer.atMs <= atMs)) return;
    room.timer?.timer.cancel();
    const begin = () => {
      room.timer = undefined;
      enqueue(room, () => run(room));
    };
    const delayMs = Math.max(0, atMs - clock.monotonicMs());
    room.timer = { atMs, timer: clock.after(delayMs, begin, { background: true }) };
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
    room.timer?.timer.cancel();
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
      const room = rooms.get(key) ?? newRoom(follow);
      rooms.set(key, room);
      const client: Client = { socket, told: undefined, busy: false, stuckSinceMs: undefined };
      room.clients.add(client);
      clients++;
      enqueue(room, async () => {
        await tell(room, client, viewOf(room), 'all');
        // What came while the first messages were on their way.
        wake(room);
      });
      return () => leave(room, client);
    },
    close() {
      unsubscribe();
      for (const room of rooms.values()) room.timer?.timer.cancel();
      rooms.clear();
    },
  };
}
