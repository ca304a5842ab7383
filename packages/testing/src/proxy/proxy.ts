/** A way to a server that can be made slow, silent or broken while it is in use. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Lane, type LaneConditions } from './lane.ts';

export interface ProxyOptions {
  target: { host: string; port: number };
}

/** `up` is towards the server. */
export type Direction = 'up' | 'down';

export class TcpProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** `host:port`, in place of the server's own. */
  readonly connectString: string;
  /** Bytes handed over so far. */
  readonly bytes: Record<Direction, number> = { up: 0, down: 0 };
  /** Connections accepted so far, those that were then cut among them. */
  accepted = 0;

  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #conditions: Record<Direction, LaneConditions> = {
    up: { delayMs: 0, bytesPerS: undefined, stalled: false },
    down: { delayMs: 0, bytesPerS: undefined, stalled: false },
  };
  readonly #connections = new Map<Socket, { server: Socket; lanes: Lane[] }>();
  #cut = false;

  constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    this.connectString = `${this.host}:${this.port}`;
    server.on('connection', (client) => this.#accept(client));
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#connections.size;
  }

  /** Every byte takes this much longer, from now on, in both directions unless one is named. */
  delay(delayMs: number, direction?: Direction): void {
    this.#change({ delayMs }, direction);
  }

  /** Each connection carries at most so many bytes a second; undefined lifts the limit. */
  throttle(bytesPerS: number | undefined, direction?: Direction): void {
    this.#change({ bytesPerS }, direction);
  }

  /** Connections stay open and new ones are accepted, yet nothing passes, as through a router that hangs. */
  stall(direction?: Direction): void {
    this.#change({ stalled: true }, direction);
  }

  /** Resets the connections there are; the next one is served. */
  drop(): void {
    for (const [client, { server }] of this.#connections) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Resets the connections there are, and every new one at once. */
  cut(): void {
    this.#cut = true;
    this.drop();
  }

  /** Undoes everything: full speed, no delay, no stall, no cut. What a stall held back is then handed over. */
  heal(): void {
    this.#cut = false;
    this.#change({ delayMs: 0, bytesPerS: undefined, stalled: false });
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #change(change: Partial<LaneConditions>, direction?: Direction): void {
    if (direction !== 'down') Object.assign(this.#conditions.up, change);
    if (direction !== 'up') Object.assign(this.#conditions.down, change);
    for (const { lanes } of this.#connections.values()) for (const lane of lanes) lane.refresh();
  }

  #accept(client: Socket): void {
    this.accepted++;
    if (this.#cut) {
      client.on('error', () => client.destroy());
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    const lanes = [
      new Lane(client, server, this.#conditions.up, (bytes) => {
        this.bytes.up += bytes;
      }),
      new Lane(server, client, this.#conditions.down, (bytes) => {
        this.bytes.down += bytes;
      }),
    ];
    this.#connections.set(client, { server, lanes });
    // What one side resets is reset on the other. What one side closes is ended by the lane, when its last byte is over.
    client.on('error', () => server.resetAndDestroy());
    server.on('error', () => client.resetAndDestroy());
    const forget = () => {
      if (client.closed && server.closed) this.#connections.delete(client);
    };
    client.on('close', forget);
    server.on('close', forget);
  }
}

/** A proxy on a free port of 127.0.0.1; it connects to the target anew for every connection it accepts. */
export async function startProxy(options: ProxyOptions): Promise<TcpProxy> {
  const server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return new TcpProxy(server, options.target);
}
