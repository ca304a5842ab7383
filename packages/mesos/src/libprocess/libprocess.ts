import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { MesosError } from '../errors.ts';
import { type Valid, writeMessage } from '../messages/message.ts';
import { encodeRequest } from './encode-message.ts';
import type { ReceivedMessage } from './message-parser.ts';
import { openPeer, type Peer, type PeerLimits } from './peer.ts';
import { createProcessTable, type MessageHandler } from './process-table.ts';
import { serveConnection } from './serve-connection.ts';
import type { Tls } from './tls.ts';
import { addressOf, type Upid } from './upid.ts';

export interface LibprocessOptions extends Partial<PeerLimits> {
  /** Where others reach this node: what its processes say they are at. */
  address: { host: string; port: number };
  /** Default 64 MiB. */
  largestMessageBytes?: number;
  /** For a message that has begun to arrive to be whole. Default 60 000. */
  requestTimeoutMs?: number;
  /** Connections to peers at a time; a send to one more fails its links. Default 65 536. */
  mostPeers?: number;
  clock?: Clock;
  /** Opens a connection that emits `connect`. Default: TCP without delay, with keep-alive. */
  connect?: (address: { host: string; port: number }) => Duplex;
  /** For connections to peers; with `allowsPlain` not to those whose own last message came without it. */
  tls?: Tls;
  /** A handler of a process threw. The sender has its 202 all the same. */
  onHandlerError?: (error: unknown, message: ReceivedMessage) => void;
}

/** A process of this node. */
export interface LocalProcess {
  readonly pid: Upid;
  /** Sends under the protobuf name of the type. False when much waits already: see `drained`. */
  send<Desc extends DescMessage>(to: Upid, schema: Desc, message: MessageShape<Desc> | Valid<Desc>): boolean;
  /** As `send`, for a body that is encoded already, or a type that goes by another name. */
  sendBytes(to: Upid, type: string, body: Uint8Array): boolean;
  /** Resolves when little waits for the peer again, or its connection broke. */
  drained(to: Upid): Promise<void>;
  /**
   * Opens a connection to the node of `to` if there is none, keeps it open, and calls back once when it breaks or cannot
   * be made. `reconnect` drops a connection that is there, in case it is dead and nobody noticed.
   */
  link(to: Upid, onExited: (error: Error | undefined) => void, options?: { reconnect?: boolean }): void;
  unlink(to: Upid): void;
  /** Takes no more messages; its links are forgotten. */
  close(): void;
}

/** One node: processes that send to and receive from those of others, one connection in each direction. */
export interface Libprocess {
  readonly address: { host: string; port: number };
  /** Throws `RangeError` when the id is taken. */
  spawn(id: string, handler: MessageHandler): LocalProcess;
  has(id: string): boolean;
  /** Serves an accepted connection; what is no message goes to `serveHttp`. See `createSharedServer`. */
  serve(socket: Duplex, serveHttp: (socket: Duplex) => void): void;
  /** For a message that came through the HTTP server: false when there is no such process. */
  deliver(message: ReceivedMessage): boolean;
  /** Bytes waiting for all peers. */
  readonly queuedBytes: number;
  close(): void;
}

interface LinkedPeer {
  peer: Peer;
  links: Map<string, { to: Upid; onExited: (error: Error | undefined) => void }>;
}

function connectTcp({ host, port }: { host: string; port: number }): Socket {
  const socket = connectSocket({ host: host.replace(/^\[(.*)\]$/, '$1'), port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  return socket;
}

export function createLibprocess(options: LibprocessOptions): Libprocess {
  const { address, clock = systemClock, mostPeers = 65_536, tls } = options;
  const { connect = tls === undefined ? connectTcp : connectAsTheyDo } = options;
  const plainPeers = new Set<string>();
  const limits: PeerLimits = {
    highWaterBytes: options.highWaterBytes ?? 4 * 1024 * 1024,
    mostQueuedBytes: options.mostQueuedBytes ?? 256 * 1024 * 1024,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 60_000,
  };
  const own = addressOf(address);
  const peers = new Map<string, LinkedPeer>();
  const processes = createProcessTable(options.onHandlerError ?? (() => undefined));
  let closed = false;

  function connectAsTheyDo(to: { host: string; port: number }): Socket {
    return tls === undefined || plainPeers.has(addressOf(to)) ? connectTcp(to) : tls.connect(to);
  }

  function noteTransport(from: Upid, isSecure: boolean): void {
    if (tls?.allowsPlain !== true) return;
    if (isSecure) plainPeers.delete(addressOf(from));
    else if (plainPeers.size < mostPeers) plainPeers.add(addressOf(from));
  }

  function open(to: Upid): LinkedPeer {
    if (closed || peers.size >= mostPeers) {
      const reason = closed ? 'this node is closed' : `there are ${mostPeers} peers already`;
      throw new MesosError(`no connection to ${addressOf(to)}: ${reason}`, {
        code: closed ? 'closed' : 'limit',
      });
    }
    const key = addressOf(to);
    const linked: LinkedPeer = {
      links: new Map(),
      peer: openPeer({
        ...limits,
        clock,
        connect: () => connect({ host: to.host, port: to.port }),
        onClosed(error) {
          if (peers.get(key) === linked) peers.delete(key);
          for (const { onExited } of linked.links.values()) onExited(error);
          linked.links.clear();
        },
      }),
    };
    peers.set(key, linked);
    return linked;
  }

  const peerOf = (to: Upid) => peers.get(addressOf(to)) ?? open(to);

  function sendBytes(from: Upid, to: Upid, type: string, body: Uint8Array): boolean {
    if (addressOf(to) === own) {
      const message = { to: to.id, type, from, body: Buffer.from(body) };
      process.nextTick(() => void processes.deliver(message));
      return true;
    }
    return peerOf(to).peer.send(encodeRequest(from, to, type, body));
  }

  function linkKey(from: Upid, to: Upid): string {
    return `${from.id} ${to.id}`;
  }

  function unlink(from: Upid, to: Upid): void {
    const linked = peers.get(addressOf(to));
    if (linked?.links.delete(linkKey(from, to)) && linked.links.size === 0) linked.peer.keepOpen(false);
  }

  function localProcess(id: string): LocalProcess {
    const pid: Upid = { id, ...address };
    return {
      pid,
      send: (to, schema, message) => sendBytes(pid, to, schema.typeName, writeMessage(schema, message)),
      sendBytes: (to, type, body) => sendBytes(pid, to, type, body),
      drained: (to) => peers.get(addressOf(to))?.peer.drained() ?? Promise.resolve(),
      link(to, onExited, { reconnect = false } = {}) {
        if (addressOf(to) === own) return;
        if (reconnect) {
          const stale = peers.get(addressOf(to));
          peers.delete(addressOf(to));
          stale?.links.delete(linkKey(pid, to));
          stale?.peer.close();
        }
        const linked = peerOf(to);
        linked.links.set(linkKey(pid, to), { to, onExited });
        linked.peer.keepOpen(true);
      },
      unlink: (to) => unlink(pid, to),
      close() {
        processes.remove(id);
        for (const { links } of [...peers.values()]) {
          for (const [key, { to }] of links) if (key === linkKey(pid, to)) unlink(pid, to);
        }
      },
    };
  }

  return {
    address,
    spawn(id, handler) {
      processes.add(id, handler);
      return localProcess(id);
    },
    has: processes.has,
    serve(socket, serveHttp) {
      const { largestMessageBytes, requestTimeoutMs } = options;
      const isSecure = socket instanceof TLSSocket;
      serveConnection(socket, {
        processes,
        onMessage: (from) => noteTransport(from, isSecure),
        serveHttp,
        clock,
        ...(largestMessageBytes === undefined ? {} : { largestMessageBytes }),
        ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      });
    },
    deliver(message) {
      const known = processes.has(message.to);
      if (known) void processes.deliver(message);
      return known;
    },
    get queuedBytes() {
      let sum = 0;
      for (const { peer } of peers.values()) sum += peer.queuedBytes;
      return sum;
    },
    close() {
      closed = true;
      for (const { peer, links } of peers.values()) {
        links.clear();
        peer.close();
      }
    },
  };
}
