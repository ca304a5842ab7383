/** A WebSocket to the server that served this page, which comes back by itself. */
import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';

export type SocketState = 'connecting' | 'open' | 'lost';

export interface SocketOptions {
  /** Asked anew for each connection. */
  readonly path: () => string;
  readonly onMessage: (data: unknown) => void;
  readonly onState?: (state: SocketState) => void;
  /** What the server said when it closed for good; nothing is tried after it. */
  readonly onRefused?: (reason: string) => void;
  readonly clock?: Clock;
  /** In [0, 1); spreads reconnections. */
  readonly fraction?: () => number;
}

export interface Socket {
  /** False if the connection is not open; nothing is kept for later. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean;
  close(): void;
}

const [firstDelayMs, maxDelayMs] = [250, 10_000];
/** "Do not ask again like this"; normal ends are for good too. */
const finalCodes: ReadonlySet<number> = new Set([1000, 1008]);

export const browserFraction = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;

function urlOfSocket(path: string): string {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export function openSocket(options: SocketOptions): Socket {
  const { path, onMessage, onState, onRefused, clock = systemClock, fraction = browserFraction } = options;
  let socket: WebSocket | undefined;
  let timer: Timer | undefined;
  let delayMs = firstDelayMs;
  let closed = false;

  const connect = () => {
    onState?.('connecting');
    const current = new WebSocket(urlOfSocket(path()));
    current.binaryType = 'arraybuffer';
    socket = current;
    current.onopen = () => {
      delayMs = firstDelayMs;
      onState?.('open');
    };
    current.onmessage = ({ data }) => {
      if (socket === current) onMessage(data);
    };
    current.onclose = ({ code, reason }) => {
      if (closed || socket !== current) return;
      onState?.('lost');
      if (finalCodes.has(code)) onRefused?.(reason);
      else again();
    };
  };

  const again = () => {
    timer = clock.after(delayMs * (0.5 + fraction() / 2), connect);
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  };

  connect();
  return {
    send(data) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(data);
      return true;
    },
    close() {
      closed = true;
      timer?.cancel();
      socket?.close(1000);
    },
  };
}
