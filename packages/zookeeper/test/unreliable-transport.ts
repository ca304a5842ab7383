/** Real sockets that can be told to break at the worst moment: after a request was carried out, before its reply. */
import { connect } from 'node:net';
import type { OpenTransport } from '../src/index.ts';

export interface Unreliable {
  readonly transport: OpenTransport;
  /** How many replies were lost so far. */
  readonly lost: number;
  /** The next bytes that a server sends on any connection are dropped, and the connection with them. */
  loseNextReply(): void;
}

export function unreliable(): Unreliable {
  let armed = false;
  let lost = 0;
  return {
    transport(endpoint, handlers) {
      const socket = connect({ host: endpoint.address, port: endpoint.port });
      socket.on('connect', () => handlers.onOpen());
      socket.on('drain', () => handlers.onDrain());
      socket.on('error', () => undefined);
      socket.on('close', () => handlers.onClose(undefined));
      socket.on('data', (chunk) => {
        if (!armed) return handlers.onData(chunk);
        armed = false;
        lost++;
        socket.destroy();
      });
      return {
        write: (bytes) => socket.write(bytes),
        end: () => void socket.end(),
        destroy: () => void socket.destroy(),
      };
    },
    get lost() {
      return lost;
    },
    loseNextReply() {
      armed = true;
    },
  };
}
