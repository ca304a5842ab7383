/** Clients that follow the view of all containers, as browsers do; only what is waited for is looked at. */
import { once } from 'node:events';
import { WebSocket } from 'undici';

export interface Followers {
  /** Resolves with when each of them was told of the state of a container; rejects after `patienceMs`. */
  told(id: string, state: string, patienceMs?: number): Promise<number[]>;
  receivedMb(): number;
  close(): void;
}

const usualPatienceMs = 20_000;

/** Whether a message says that the container is in that state now. */
function says(text: string, id: string, state: string): boolean {
  const start = text.indexOf(`{"id":"${id}"`);
  if (start < 0) return false;
  // The state is the first of the rows.
  const rows = text.indexOf('"metadata":[', start);
  return text.slice(rows, rows + 300).includes(`"value":"${state}"`);
}

export async function startFollowers(url: string, count: number): Promise<Followers> {
  let bytes = 0;
  let listen: ((client: number, text: string) => void) | undefined;
  const sockets = Array.from({ length: count }, (_, client) => {
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/api/topology/containers/ws?t=500ms&system=all`,
    );
    socket.addEventListener('message', ({ data }) => {
      const text = String(data);
      bytes += text.length;
      listen?.(client, text);
    });
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, 'open')));
  return {
    told: (id, state, patienceMs = usualPatienceMs) =>
      new Promise((resolve, reject) => {
        const times = new Map<number, number>();
        const timer = setTimeout(
          () => reject(new Error(`${times.size} of ${count} clients were told of ${id}`)),
          patienceMs,
        );
        listen = (client, text) => {
          if (times.has(client) || !says(text, id, state)) return;
          times.set(client, Date.now());
          if (times.size < count) return;
          clearTimeout(timer);
          listen = undefined;
          resolve([...times.values()]);
        };
      }),
    receivedMb: () => bytes / 2 ** 20,
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}
