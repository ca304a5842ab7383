/**
 * The connections that are known, whoever told of them. Pure: times come in.
 *
 *   conntrack ──track──►┐
 *                       ├─ flows (one per connection) ──► edges: client ──► server: open, opened, bytes
 *   sockets ───look────►┘
 */
import { type Address, isLoopback, loopbackAddress, sameAddress } from './address.ts';
import { isOver, type TrackedFlow } from './conntrack.ts';
import { createEdges, type EdgeState, type FlowEdge } from './edges.ts';
import type { SeenConnection } from './sockets.ts';

/** Connections that are over are known for this long, for the bytes that are counted after their end. */
const endedKeptMs = 5_000;
/** A connection that lasts this long is worth a look for its process. */
const lastingMs = 400;
/** New connections that are waited for to last, at most; others find their process by a later look. */
const youngLimit = 512;

/** Kept small: there are as many of them as there are connections. */
export interface Flow {
  edge: EdgeState;
  isOpen: boolean;
  /** Told by connection tracking, which then decides when it is over; otherwise by looks. */
  isTracked: boolean;
  /** When it was opened, and when it was closed once it is. */
  sinceMs: number;
  /** Namespaces in which its ends were seen, and the numbers of the looks; 0: never. */
  clientNamespace: string | undefined;
  serverNamespace: string | undefined;
  clientLook: number;
  serverLook: number;
  sentBytes: number;
  receivedBytes: number;
}

/** All sockets of a namespace, one by one. */
export interface FlowLook {
  /** @returns the connection, if it is followed */
  see(connection: SeenConnection): Flow | undefined;
  /**
   * What was there at the last look and is not any more is over since `closedMs`.
   *
   * `isComplete`: all sockets were seen. @returns `isTold`: connection tracking told of all that was seen; `isNews`: connections
   * have come or gone by this look
   */
  end(options: { readonly closedMs: number; readonly isComplete: boolean }): {
    readonly isTold: boolean;
    readonly isNews: boolean;
  };
}

/** All flows that connection tracking knows, one by one, while its events go on. */
export interface FlowList {
  /** Returns true if an edge came to be. */
  see(flow: TrackedFlow, nowMs: number): boolean;
  /** What was there when the list began and is not in it is over. Without all of it nothing is. */
  end(options: { readonly isComplete: boolean; readonly nowMs: number }): void;
}

export interface LookOptions {
  /** Connections that are over already are news; elsewhere connection tracking has told of them. */
  readonly countEnded: (client: Address) => boolean;
  /** The namespace has not been looked at before: its connections may be old. */
  readonly isFirst: boolean;
  readonly nowMs: number;
}

/** Ends of connections that last, and whose process is not known. */
export interface Unowned {
  readonly ip: string;
  readonly namespace: string | undefined;
}

export interface FlowsOptions {
  /** Connections followed at most; further ones are counted on their edge and not followed. */
  readonly limit: number;
  /** Edges at most; further ones are left out, with all their connections. */
  readonly edgeLimit: number;
  /** The namespace in which connection tracking listens. */
  readonly ownNamespace: string;
  /** Somebody listens on a port of all addresses of the namespace, so that its loopback addresses are all one server. */
  readonly listensOnAll?: (namespace: string, protocol: 'tcp' | 'udp', port: number) => boolean;
}

const flowKey = (protocol: string, client: Address, server: Address, namespace: string | undefined) =>
  `${protocol} ${client.ip} ${client.port} ${server.ip} ${server.port} ${namespace ?? ''}`;

const within = (client: Address, server: Address, namespace: string) =>
  isLoopback(client.ip) || isLoopback(server.ip) ? namespace : undefined;

export type Flows = ReturnType<typeof createFlows>;

export function createFlows({ limit, edgeLimit, ownNamespace, listensOnAll }: FlowsOptions) {
  const flows = new Map<string, Flow>();
  const edges = createEdges({ limit: edgeLimit });
  const young = new Map<string, Flow>();
  const leftOut = { connections: 0, edges: 0 };
  /** Of each list that is being read, what events have told to be over since: its line may be older. */
  const lists = new Set<Set<string>>();
  let looks = 0;

  /** All loopback addresses of a namespace are the same end, unless a server listens on some of them only. */
  const foldClient = (ip: string) => (ip.startsWith('127.') ? loopbackAddress : ip);
  const foldServer = (protocol: 'tcp' | 'udp', { ip, port }: Address, namespace: string | undefined) =>
    ip.startsWith('127.') && namespace !== undefined && listensOnAll?.(namespace, protocol, port) === true
      ? { ip: loopbackAddress, port }
      : { ip, port };

  const open = (
    key: string,
    { protocol, client, server }: { protocol: 'tcp' | 'udp'; client: Address; server: Address },
    namespace: string | undefined,
    state: { readonly isOpen: boolean; readonly isTracked: boolean; readonly nowMs: number },
  ): Flow | undefined => {
    const identity = { protocol, clientPid: undefined, namespace };
    const folded = foldServer(protocol, server, namespace);
    const clientIp = foldClient(client.ip);
    const edge = edges.of({ ...identity, clientIp, server: folded }, state.nowMs, state.isOpen);
    if (edge === undefined) {
      leftOut.edges++;
      return undefined;
    }
    edge.opened++;
    edge.idleSinceMs = state.nowMs;
    if (flows.size >= limit) {
      leftOut.connections++;
      return undefined;
    }
    const flow: Flow = {
      edge,
      isOpen: state.isOpen,
      isTracked: state.isTracked,
      sinceMs: state.nowMs,
      clientNamespace: undefined,
      serverNamespace: undefined,
      clientLook: 0,
      serverLook: 0,
      sentBytes: 0,
      receivedBytes: 0,
    };
    if (flow.isOpen) {
      edge.connections++;
      if (state.isTracked && young.size < youngLimit) young.set(key, flow);
    }
    flows.set(key, flow);
    return flow;
  };

  const close = (flow: Flow, closedMs: number) => {
    if (!flow.isOpen) return;
    flow.isOpen = false;
    flow.sinceMs = closedMs;
    flow.edge.connections--;
    flow.edge.idleSinceMs = Math.max(flow.edge.idleSinceMs, closedMs);
  };

  const countBytes = (flow: Flow, sent: number | undefined, received: number | undefined) => {
    if (sent === undefined || received === undefined) return;
    flow.edge.sentBytes += Math.max(0, sent - flow.sentBytes);
    flow.edge.receivedBytes += Math.max(0, received - flow.receivedBytes);
    flow.sentBytes = sent;
    flow.receivedBytes = received;
  };

  /** What a connection has carried before it was known did not go over it just now. */
  const skipBytes = (flow: Flow, { sentBytes = 0, receivedBytes = 0 }: TrackedFlow | SeenConnection) => {
    flow.sentBytes = sentBytes;
    flow.receivedBytes = receivedBytes;
  };

  const startLook = (namespace: string, { nowMs, countEnded, isFirst }: LookOptions): FlowLook => {
    const look = ++looks;
    let untold = 0;
    let news = 0;
    return {
      see(connection) {
        const { protocol, client, server, isOpen, side, sentBytes, receivedBytes } = connection;
        const key = flowKey(protocol, client, server, within(client, server, namespace));
        let flow = flows.get(key);
        if (flow === undefined && !isOpen && !countEnded(client)) return undefined;
        if (flow === undefined) {
          news++;
          const state = { isOpen, isTracked: false, nowMs };
          flow = open(key, connection, within(client, server, namespace), state);
          if (flow === undefined) return undefined;
          if (isFirst) skipBytes(flow, connection);
        }
        if (side === 'client') {
          flow.clientNamespace = namespace;
          flow.clientLook = look;
        } else {
          flow.serverNamespace = namespace;
          flow.serverLook = look;
        }
        if (!flow.isTracked) {
          untold++;
          countBytes(flow, sentBytes, receivedBytes);
          if (!isOpen) close(flow, nowMs);
        }
        return flow;
      },
      end({ closedMs, isComplete }) {
        if (isComplete) news += forgetMissing(namespace, look, nowMs, closedMs);
        return { isTold: untold === 0, isNews: news > 0 };
      },
    };
  };

  /** @returns how many have ended by it */
  const forgetMissing = (namespace: string, look: number, startedMs: number, closedMs: number): number => {
    let ended = 0;
    for (const [key, flow] of flows) {
      // Sockets of UDP need not be connected, and then cannot be told to be an end of it.
      const { protocol, namespace: within } = flow.edge;
      const isOwnLoopback = protocol === 'tcp' && within === namespace && flow.sinceMs < startedMs;
      const wasClient = flow.clientNamespace === namespace && flow.clientLook !== look;
      const wasServer = flow.serverNamespace === namespace && flow.serverLook !== look;
      // The kernel remembers a connection for days whose ends have vanished without a word.
      const isStale = isOwnLoopback && flow.clientLook !== look && flow.serverLook !== look;
      if (!wasClient && !wasServer && !isStale) continue;
      if (flow.isOpen) ended++;
      close(flow, closedMs);
      if (wasClient) flow.clientNamespace = undefined;
      if (wasServer) flow.serverNamespace = undefined;
      if (flow.clientNamespace === undefined && flow.serverNamespace === undefined && !flow.isTracked)
        flows.delete(key);
    }
    return ended;
  };

  const keyOf = ({ protocol, source, replySource }: TrackedFlow) =>
    flowKey(protocol, source, replySource, within(source, replySource, ownNamespace));

  const trackAs = (key: string, tracked: TrackedFlow, nowMs: number) => {
    const { protocol, source: client, replySource: server, destination } = tracked;
    const over = isOver(tracked);
    let flow = flows.get(key);
    // The end of a connection whose beginning was never told, as after a start, is no news.
    if (flow === undefined && over) return;
    // A port used again: the kernel tells of a new flow under the old name.
    if (flow !== undefined && !flow.isOpen && tracked.event === 'new') flow = undefined;
    if (flow === undefined) {
      const state = { isOpen: !over, isTracked: true, nowMs };
      flow = open(key, { protocol, client, server }, within(client, server, ownNamespace), state);
      if (flow === undefined) return;
      if (tracked.event !== 'new') skipBytes(flow, tracked);
    }
    if (!sameAddress(destination, server)) edges.ask(flow.edge, destination);
    flow.isTracked = true;
    countBytes(flow, tracked.sentBytes, tracked.receivedBytes);
    if (over) close(flow, nowMs);
    if (tracked.event === 'destroy') flows.delete(key);
  };

  return {
    limits: { connectionLimit: limit, edgeLimit },

    /** An event of connection tracking, or a count of bytes. Returns true if an edge came to be. */
    track(tracked: TrackedFlow, nowMs: number): boolean {
      const before = edges.size;
      const key = keyOf(tracked);
      if (isOver(tracked)) for (const endedSince of lists) if (endedSince.size < limit) endedSince.add(key);
      trackAs(key, tracked, nowMs);
      return edges.size > before;
    },

    startList(startedMs: number): FlowList {
      const listed = new Set<string>();
      const endedSince = new Set<string>();
      lists.add(endedSince);
      return {
        see(tracked, nowMs) {
          const before = edges.size;
          const key = keyOf(tracked);
          listed.add(key);
          if (!endedSince.has(key)) trackAs(key, tracked, nowMs);
          return edges.size > before;
        },
        end({ isComplete, nowMs }) {
          lists.delete(endedSince);
          if (!isComplete) return;
          for (const [key, flow] of flows) {
            if (!flow.isTracked || flow.sinceMs >= startedMs || listed.has(key)) continue;
            close(flow, nowMs);
            flows.delete(key);
          }
        },
      };
    },

    /** A connection in this direction, as one calls it who looks at a namespace. */
    known(
      protocol: 'tcp' | 'udp',
      client: Address,
      server: Address,
      namespace: string,
    ): Readonly<Flow> | undefined {
      return flows.get(flowKey(protocol, client, server, within(client, server, namespace)));
    },

    startLook,

    /** A client's process that became known moves the connection to the edge of that process. */
    ownClient(flow: Flow, pid: number, nowMs: number): void {
      const before = flow.edge;
      if (before.clientPid === pid) return;
      const edge = edges.of({ ...before, clientPid: pid }, nowMs, flow.isOpen);
      if (edge === undefined) return;
      flow.edge = edge;
      edge.opened++;
      if (flow.isOpen) edge.connections++;
      edge.idleSinceMs = nowMs;
      edge.asked ??= before.asked;
      edge.serverPid ??= before.serverPid;
      before.opened--;
      if (flow.isOpen) before.connections--;
      // Nothing is left of an edge that was only the unknown form of this one.
      if (before.connections === 0) before.idleSinceMs = Number.NEGATIVE_INFINITY;
    },

    /** Ends of new connections that have lasted, and whose processes are not known; each is told once. */
    unowned(nowMs: number): Unowned[] {
      const ends: Unowned[] = [];
      for (const [key, { edge, isOpen, sinceMs }] of young) {
        if (isOpen && nowMs - sinceMs < lastingMs) continue;
        young.delete(key);
        if (!isOpen) continue;
        const { clientIp, clientPid, server, serverPid, namespace } = edge;
        if (clientPid === undefined) ends.push({ ip: clientIp, namespace });
        if (serverPid === undefined) ends.push({ ip: server.ip, namespace });
      }
      return ends;
    },

    /** A namespace is gone, and what only looks at it told of. */
    forgetNamespace(namespace: string, nowMs: number): void {
      forgetMissing(namespace, ++looks, nowMs, nowMs);
    },

    /** Connection tracking was interrupted: what it does not tell again is over. */
    forgetTracked(nowMs: number): void {
      for (const [key, flow] of flows) {
        if (!flow.isTracked) continue;
        close(flow, nowMs);
        flows.delete(key);
      }
    },

    /** The edges of now. */
    edges: (nowMs: number): FlowEdge[] => edges.shown(nowMs),
    allEdges: edges.values,
    nextDropMs: edges.nextDropMs,

    /** Rates out of the bytes since the last call; connections that are long over are forgotten. */
    rate(nowMs: number): void {
      edges.rate(nowMs);
      for (const [key, { isOpen, isTracked, sinceMs }] of flows)
        if (!isOpen && isTracked && nowMs - sinceMs >= endedKeptMs) flows.delete(key);
    },

    get size() {
      return { flows: flows.size, edges: edges.size };
    },

    /** Connections that a limit has kept out since the last call. */
    takeLeftOut(): { readonly connections: number; readonly edges: number } {
      const taken = { ...leftOut };
      Object.assign(leftOut, { connections: 0, edges: 0 });
      return taken;
    },
  };
}
