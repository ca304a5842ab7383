/**
 * The connections that are known, whoever told of them, and the edges that they make. Pure: times come in.
 *
 *   conntrack ──track──►┐
 *                       ├─ flows (one per connection) ──edges──► client ──► server: open, opened, bytes
 *   sockets ───look────►┘
 */
import type { Edge } from '@orchestrator/report';
import { type Address, isOver, type TrackedFlow } from './conntrack.ts';
import type { SeenConnection } from './sockets.ts';

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

interface Flow {
  readonly protocol: 'tcp' | 'udp';
  readonly client: Address;
  readonly server: Address;
  readonly asked: Address | undefined;
  readonly namespace: string | undefined;
  clientPid: number | undefined;
  serverPid: number | undefined;
  isOpen: boolean;
  /** Told by connection tracking, which then decides when it is over; otherwise by a look at this namespace. */
  tracked: boolean;
  lookedIn: Set<string>;
  sentBytes: number;
  receivedBytes: number;
  edgeKey: string;
}

interface EdgeState {
  readonly protocol: 'tcp' | 'udp';
  readonly client: End;
  readonly server: End;
  asked: Address | undefined;
  connections: number;
  opened: number;
  sentBytes: number;
  receivedBytes: number;
  rates: { sentBytesPerS: number; receivedBytesPerS: number };
  /** When the rates were last told, with the bytes of then. */
  ratedMs: number;
  ratedSent: number;
  ratedReceived: number;
  idleSinceMs: number;
}

const freshFlow = {
  asked: undefined,
  clientPid: undefined,
  serverPid: undefined,
  tracked: false,
  sentBytes: 0,
  receivedBytes: 0,
};

export const isLoopback = (ip: string) => ip.startsWith('127.') || ip === '::1';
const flowKey = (protocol: string, client: Address, server: Address, namespace: string | undefined) =>
  `${protocol} ${client.ip} ${client.port} ${server.ip} ${server.port} ${namespace ?? ''}`;
const endKey = ({ ip, port, namespace, pid }: End) => `${ip} ${port} ${namespace ?? ''} ${pid ?? ''}`;
const sameAddress = (a: Address, b: Address) => a.ip === b.ip && a.port === b.port;

export interface FlowsOptions {
  /** Connections remembered at most; new ones beyond it are counted on their edge and not followed. */
  readonly limit: number;
  /** The namespace in which connection tracking listens. */
  readonly ownNamespace: string;
}

export type Flows = ReturnType<typeof createFlows>;

export function createFlows({ limit, ownNamespace }: FlowsOptions) {
  const flows = new Map<string, Flow>();
  const edges = new Map<string, EdgeState>();

  const edgeOf = (flow: Omit<Flow, 'edgeKey'>, nowMs: number): { key: string; edge: EdgeState } => {
    const client: End = {
      ip: flow.client.ip,
      port: 0,
      namespace: isLoopback(flow.client.ip) ? flow.namespace : undefined,
      pid: flow.clientPid,
    };
    const server: End = {
      ...flow.server,
      namespace: isLoopback(flow.server.ip) ? flow.namespace : undefined,
      pid: flow.serverPid,
    };
    // The server's process is a property of its end, not a part of its name.
    const key = `${flow.protocol} ${endKey(client)} > ${endKey({ ...server, pid: undefined })}`;
    let edge = edges.get(key);
    if (edge === undefined) {
      edge = {
        protocol: flow.protocol,
        client,
        server,
        asked: flow.asked,
        connections: 0,
        opened: 0,
        sentBytes: 0,
        receivedBytes: 0,
        rates: { sentBytesPerS: 0, receivedBytesPerS: 0 },
        ratedMs: nowMs,
        ratedSent: 0,
        ratedReceived: 0,
        idleSinceMs: nowMs,
      };
      edges.set(key, edge);
    }
    edge.asked ??= flow.asked;
    return { key, edge };
  };

  const open = (key: string, fresh: Omit<Flow, 'edgeKey'>, nowMs: number): Flow => {
    const { key: edgeKey, edge } = edgeOf(fresh, nowMs);
    const flow: Flow = { ...fresh, edgeKey };
    edge.opened++;
    edge.idleSinceMs = nowMs;
    if (flow.isOpen && flows.size < limit) edge.connections++;
    if (flows.size < limit) flows.set(key, flow);
    return flow;
  };

  const close = (flow: Flow, nowMs: number) => {
    if (!flow.isOpen) return;
    flow.isOpen = false;
    const edge = edges.get(flow.edgeKey);
    if (edge === undefined) return;
    edge.connections--;
    edge.idleSinceMs = nowMs;
  };

  const countBytes = (flow: Flow, sent: number | undefined, received: number | undefined) => {
    const edge = edges.get(flow.edgeKey);
    if (edge === undefined || sent === undefined || received === undefined) return;
    edge.sentBytes += Math.max(0, sent - flow.sentBytes);
    edge.receivedBytes += Math.max(0, received - flow.receivedBytes);
    flow.sentBytes = sent;
    flow.receivedBytes = received;
  };

  /** A process that became known moves the connection to the edge of that process. */
  const own = (flow: Flow, side: 'client' | 'server', pid: number, nowMs: number) => {
    if (side === 'server') {
      flow.serverPid = pid;
      const edge = edges.get(flow.edgeKey);
      if (edge !== undefined) edges.set(flow.edgeKey, { ...edge, server: { ...edge.server, pid } });
      return;
    }
    if (flow.clientPid === pid) return;
    const before = edges.get(flow.edgeKey);
    flow.clientPid = pid;
    const { key, edge } = edgeOf(flow, nowMs);
    if (key === flow.edgeKey) return;
    flow.edgeKey = key;
    edge.opened++;
    if (flow.isOpen) edge.connections++;
    edge.idleSinceMs = nowMs;
    if (before === undefined) return;
    before.opened--;
    if (flow.isOpen) before.connections--;
    // Nothing is left of an edge that was only the unknown form of this one.
    if (before.connections === 0) before.idleSinceMs = nowMs - lingerMs;
  };

  return {
    /** What connection tracking tells. Returns true if an edge came to be. */
    track(tracked: TrackedFlow, nowMs: number): boolean {
      const { protocol, source: client, replySource: server, destination } = tracked;
      const namespace = isLoopback(client.ip) || isLoopback(server.ip) ? ownNamespace : undefined;
      const key = flowKey(protocol, client, server, namespace);
      const over = isOver(tracked);
      let flow = flows.get(key);
      const before = edges.size;
      // The end of a connection whose beginning was never told, as after a start, is no news.
      if (flow === undefined && over) return false;
      // A port used again: the kernel tells of a new flow under the old name.
      if (flow !== undefined && !flow.isOpen && tracked.event === 'new') {
        flows.delete(key);
        flow = undefined;
      }
      flow ??= open(
        key,
        {
          ...freshFlow,
          protocol,
          client,
          server,
          asked: sameAddress(destination, server) ? undefined : destination,
          namespace,
          isOpen: !over,
          lookedIn: new Set(),
        },
        nowMs,
      );
      flow.tracked = true;
      countBytes(flow, tracked.sentBytes, tracked.receivedBytes);
      if (over) close(flow, nowMs);
      if (tracked.event === 'destroy') flows.delete(key);
      return edges.size > before;
    },

    /** All sockets of a namespace; what was there at the last look and is not any more is over. */
    look(
      namespace: string,
      seen: readonly SeenConnection[],
      ownerOf: (inode: number) => number | undefined,
      nowMs: number,
    ): void {
      const there = new Set<string>();
      for (const { protocol, client, server, isOpen, side, inode, sentBytes, receivedBytes } of seen) {
        const within = isLoopback(client.ip) || isLoopback(server.ip) ? namespace : undefined;
        const key = flowKey(protocol, client, server, within);
        there.add(key);
        let flow = flows.get(key);
        flow ??= open(
          key,
          { ...freshFlow, protocol, client, server, namespace: within, isOpen, lookedIn: new Set() },
          nowMs,
        );
        flow.lookedIn.add(namespace);
        const pid = inode === 0 ? undefined : ownerOf(inode);
        if (pid !== undefined) own(flow, side, pid, nowMs);
        if (!flow.tracked) {
          countBytes(flow, sentBytes, receivedBytes);
          if (!isOpen) close(flow, nowMs);
        }
      }
      for (const [key, flow] of flows) {
        if (flow.tracked || !flow.lookedIn.has(namespace) || there.has(key)) continue;
        close(flow, nowMs);
        flow.lookedIn.delete(namespace);
        if (flow.lookedIn.size === 0) flows.delete(key);
      }
    },

    /** Forgets what only this namespace told of. */
    forgetNamespace(namespace: string, nowMs: number): void {
      this.look(namespace, [], () => undefined, nowMs);
    },

    /** Connection tracking was interrupted: what it does not tell again is over. */
    forgetTracked(nowMs: number): void {
      for (const [key, flow] of flows) {
        if (!flow.tracked) continue;
        close(flow, nowMs);
        flows.delete(key);
      }
    },

    /** The edges of now; those that have had no connection for `lingerMs` are dropped. */
    edges(nowMs: number): FlowEdge[] {
      const shown: FlowEdge[] = [];
      for (const [key, edge] of edges) {
        if (edge.connections <= 0 && nowMs - edge.idleSinceMs >= lingerMs) {
          edges.delete(key);
          continue;
        }
        const { protocol, client, server, asked, connections, opened, rates } = edge;
        shown.push({
          protocol,
          client,
          server,
          asked,
          edge: { connections: Math.max(0, connections), opened, ...rates },
        });
      }
      return shown;
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

    /** `untracked`: those that only looks have found. */
    get size() {
      let untracked = 0;
      for (const flow of flows.values()) if (!flow.tracked) untracked++;
      return { flows: flows.size, edges: edges.size, untracked };
    },
  };
}
