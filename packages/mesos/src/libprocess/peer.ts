import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '@orchestrator/runtime/clock';

export interface PeerLimits {
  /** Waiting for a peer: beyond this `send` says so. Default 4 MiB. */
  highWaterBytes: number;
  /** Waiting for a peer that does not read: beyond this the connection is given up. Default 256 MiB. */
  mostQueuedBytes: number;
  /** Default 10 000. */
  connectTimeoutMs: number;
  /** A connection that nobody links and nothing is sent on is closed. Default 60 000. */
  idleTimeoutMs: number;
}

export interface PeerOptions extends PeerLimits {
  /** Opens the connection; it emits `connect`. */
  connect: () => Duplex;
  clock: Clock;
  /** The connection is gone, or was never made; what was queued is lost. Called once, last. */
  onClosed: (error: Error | undefined) => void;
}

/** One outgoing connection, its queue and its links. Messages leave in the order of `send`. */
export interface Peer {
  /** False when more waits than is good: hold back until `drained`. */
  send(request: Buffer): boolean;
  /** Resolves when little waits again, or the connection is gone. */
  drained(): Promise<void>;
  /** Kept open until it breaks, even if nothing is sent. */
  keepOpen(keep: boolean): void;
  readonly queuedBytes: number;
  close(): void;
}

/** Requests of one turn of the event loop leave in one write; answers are read and forgotten, as libprocess does. */
export function openPeer(options: PeerOptions): Peer {
  const { clock, highWaterBytes, mostQueuedBytes, connectTimeoutMs, idleTimeoutMs, onClosed } = options;
  const socket = options.connect();
  let kept = false;
  let corked = false;
  let closed = false;
  let failure: Error | undefined;
  let waiting: (() => void)[] = [];
  let idle: Timer | undefined;

  const connecting = clock.after(connectTimeoutMs, () => {
    socket.destroy(new Error(`no connection within ${connectTimeoutMs} ms`));
  });

  function release(): void {
    const resolves = waiting;
    waiting = [];
    for (const resolve of resolves) resolve();
  }

  function restartIdle(): void {
    idle?.cancel();
    idle = undefined;
    if (kept || closed) return;
    idle = clock.after(
      idleTimeoutMs,
      () => {
        if (socket.writableLength === 0) socket.end();
        else restartIdle();
      },
      { background: true },
    );
  }

  socket.once('connect', () => connecting.cancel());
  socket.on('error', (error: Error) => {
    failure = error;
  });
  socket.on('data', () => undefined);
  // The other side has closed: a half-open connection would swallow messages.
  socket.on('end', () => socket.destroy());
  socket.on('drain', release);
  socket.on('close', () => {
    closed = true;
    connecting.cancel();
    idle?.cancel();
    release();
    onClosed(failure);
  });
  restartIdle();

  return {
    get queuedBytes() {
      return socket.writableLength;
    },
    send(request) {
      if (socket.destroyed) return false;
      if (socket.writableLength + request.length > mostQueuedBytes) {
        socket.destroy(new Error(`more than ${mostQueuedBytes} bytes wait to be read by the peer`));
        return false;
      }
      if (!corked) {
        corked = true;
        socket.cork();
        process.nextTick(() => {
          corked = false;
          socket.uncork();
        });
        if (!kept) restartIdle();
      }
      socket.write(request);
      return socket.writableLength <= highWaterBytes;
    },
    drained() {
      if (closed || socket.writableLength <= highWaterBytes) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    keepOpen(keep) {
      kept = keep;
      restartIdle();
    },
    close: () => void socket.destroy(),
  };
}
