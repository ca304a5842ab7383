/** The edges that connections make: all that one client opens to one server's port is one. Pure: times come in. */
import type { Edge } from '@orchestrator/report';
import { type Address, isLoopback } from './address.ts';

/** An edge is shown this long after its last connection, so that what connects each second does not flicker. */
export const lingerMs = 2_000;

/** An end of an edge: all connections that a client opens from one address are one, whatever their port. */
export interface End {
  readonly ip: string;
  /** 0 for a client. */
  readonly port: number;
  /** Network namespace of a loopback address. */
  readonly namespace: string | undefined;
  /** The process, where it is known. */
  readonly pid: number | undefined;
}

export interface FlowEdge {
  readonly protocol: 'tcp' | 'udp';
  readonly client: End;
  readonly server: End;
  /** What the client asked for, where it is not the server's own address: a published port, a service. */
  readonly asked: Address | undefined;
  readonly edge: Edge;
}

/** What makes an edge this one and no other. */
export interface EdgeIdentity {
  readonly protocol: 'tcp' | 'udp';
  readonly clientIp: string;
  readonly clientPid: number | undefined;
  readonly server: Address;
  /** Network namespace, if one of its ends is a loopback address. */
  readonly namespace: string | undefined;
}

/** `connections` are open now; the server's process is a property of its end, not a part of its name. */
export interface EdgeState extends EdgeIdentity {
  serverPid: number | undefined;
  asked: Address | undefined;
  connections: number;
  opened: number;
  sentBytes: number;
  receivedBytes: number;
  rates: { readonly sentBytesPerS: number; readonly receivedBytesPerS: number };
  /** When the rates were last told, with the bytes of then. */
  ratedMs: number;
  ratedSent: number;
  ratedReceived: number;
  idleSinceMs: number;
}

const noRates = { sentBytesPerS: 0, receivedBytesPerS: 0 };

const clientOf = ({ clientIp, clientPid, namespace }: EdgeIdentity) =>
  `${clientIp} ${clientPid ?? ''} ${namespace ?? ''}`;
const serverOf = ({ protocol, server, namespace }: EdgeIdentity) =>
  `${protocol} ${server.ip} ${server.port} ${namespace ?? ''}`;
const keyOf = (identity: EdgeIdentity) => `${clientOf(identity)} ${serverOf(identity)}`;

/** A text that stands alone: a piece of another one would keep all of that, such as the list it was read from, in memory. */
const standalone = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

const standaloneAddress = ({ ip, port }: Address): Address => ({ ip: standalone(ip), port });

const endsOf = ({ clientIp, clientPid, server, serverPid, namespace }: EdgeState) => ({
  client: { ip: clientIp, port: 0, namespace: isLoopback(clientIp) ? namespace : undefined, pid: clientPid },
  server: { ...server, namespace: isLoopback(server.ip) ? namespace : undefined, pid: serverPid },
});

export interface EdgesOptions {
  /** Edges at most; further ones are left out. One client has half of them at most, and so has one server's port. */
  readonly limit: number;
}

/** How many edges each has. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string, change: 1 | -1): void {
    const count = this.of(key) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}

export function createEdges({ limit }: EdgesOptions) {
  const edges = new Map<string, EdgeState>();
  const byClient = new Counts();
  const byServer = new Counts();

  const note = (edge: EdgeIdentity, change: 1 | -1) => {
    byClient.add(clientOf(edge), change);
    byServer.add(serverOf(edge), change);
  };

  /** One end with thousands, such as who scans ports or serves the world, leaves room for those of everybody else. */
  const hasRoom = (identity: EdgeIdentity, isOpen: boolean) =>
    edges.size < (isOpen ? limit : limit / 2) &&
    byClient.of(clientOf(identity)) < limit / 2 &&
    byServer.of(serverOf(identity)) < limit / 2;

  return {
    get size() {
      return edges.size;
    },
    values: () => edges.values(),

    /**
     * The edge of this identity; a new one if there is none; undefined beyond the limit. Half of them are for connections that are
     * open: those that are over already may be very many.
     */
    of(identity: EdgeIdentity, nowMs: number, isOpen: boolean): EdgeState | undefined {
      const key = keyOf(identity);
      const known = edges.get(key);
      if (known !== undefined || !hasRoom(identity, isOpen)) return known;
      const edge: EdgeState = {
        protocol: identity.protocol,
        clientIp: standalone(identity.clientIp),
        clientPid: identity.clientPid,
        server: standaloneAddress(identity.server),
        namespace: identity.namespace,
        serverPid: undefined,
        asked: undefined,
        connections: 0,
        opened: 0,
        sentBytes: 0,
        receivedBytes: 0,
        rates: noRates,
        ratedMs: nowMs,
        ratedSent: 0,
        ratedReceived: 0,
        idleSinceMs: nowMs,
      };
      edges.set(key, edge);
      note(edge, 1);
      return edge;
    },

    /** Remembers what a client asked for to get at the server. */
    ask(edge: EdgeState, asked: Address): void {
      edge.asked ??= standaloneAddress(asked);
    },

    /** The edges of now; those that have had no connection for `lingerMs` are dropped. */
    shown(nowMs: number): FlowEdge[] {
      const shown: FlowEdge[] = [];
      for (const [key, edge] of edges) {
        const { protocol, asked, connections, opened, rates, idleSinceMs } = edge;
        if (connections <= 0 && nowMs - idleSinceMs >= lingerMs) {
          edges.delete(key);
          note(edge, -1);
        } else shown.push({ protocol, ...endsOf(edge), asked, edge: { connections, opened, ...rates } });
      }
      return shown;
    },

    /** When the next edge is to be dropped, if nothing comes of it again; undefined if all have connections. */
    nextDropMs(): number | undefined {
      let next: number | undefined;
      for (const { connections, idleSinceMs } of edges.values())
        if (connections <= 0) next = Math.min(next ?? Number.POSITIVE_INFINITY, idleSinceMs + lingerMs);
      return next;
    },

    /** Rates out of the bytes since the last call. */
    rate(nowMs: number): void {
      for (const edge of edges.values()) {
        const elapsedS = (nowMs - edge.ratedMs) / 1000;
        if (elapsedS <= 0) continue;
        edge.rates = {
          sentBytesPerS: Math.round((edge.sentBytes - edge.ratedSent) / elapsedS),
          receivedBytesPerS: Math.round((edge.receivedBytes - edge.ratedReceived) / elapsedS),
        };
        edge.ratedMs = nowMs;
        edge.ratedSent = edge.sentBytes;
        edge.ratedReceived = edge.receivedBytes;
      }
    },
  };
}
