/** For tests: a server's end of a connection in memory, whose every answer the test writes itself. */
import { JuteReader } from '../src/jute/reader.ts';
import { JuteWriter } from '../src/jute/writer.ts';
import { FrameReader } from '../src/session/frames.ts';
import type { Endpoint, OpenTransport, TransportHandlers } from '../src/session/transport.ts';

export interface ReceivedRequest {
  readonly xid: number;
  readonly opCode: number;
  /** After the header. */
  readonly body: Buffer;
}

export interface ScriptedConnection {
  readonly endpoint: Endpoint;
  /** The connect request as it came: session id, what was seen, and so on. */
  readonly connect:
    | { lastZxidSeen: bigint; timeoutMs: number; sessionId: bigint; password: Buffer }
    | undefined;
  /** Requests after the handshake, pings included, in order. */
  readonly requests: readonly ReceivedRequest[];
  readonly isOpen: boolean;
  /** Sends a frame in pieces of one byte. */
  send(write: (writer: JuteWriter) => void): void;
  /** ReplyHeader and what `write` adds. */
  reply(xid: number, zxid: bigint, errorNumber?: number, write?: (writer: JuteWriter) => void): void;
  /** Answers the handshake; a timeout of 0 says that the session has expired. */
  accept(sessionId: bigint, timeoutMs: number): void;
  close(): void;
}

export interface ScriptedServer {
  readonly transport: OpenTransport;
  readonly connections: readonly ScriptedConnection[];
  readonly latest: ScriptedConnection;
}

function readConnect(reader: JuteReader): NonNullable<ScriptedConnection['connect']> {
  reader.int();
  const [lastZxidSeen, timeoutMs, sessionId] = [reader.long(), reader.int(), reader.long()];
  return { lastZxidSeen, timeoutMs, sessionId, password: reader.bufferCopy() ?? Buffer.alloc(0) };
}

function serve(endpoint: Endpoint, handlers: TransportHandlers) {
  const requests: ReceivedRequest[] = [];
  let connect: ScriptedConnection['connect'];
  let isOpen = true;
  const frames = new FrameReader(1024 * 1024, {
    onFrame(bytes, start, end) {
      const reader = new JuteReader(bytes, start, end);
      if (connect === undefined) connect = readConnect(reader);
      else
        requests.push({
          xid: reader.int(),
          opCode: reader.int(),
          body: Buffer.from(bytes.subarray(start + 8, end)),
        });
    },
    onOversized: () => undefined,
  });
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    // As of a socket: never within the call that caused it.
    queueMicrotask(() => handlers.onClose(undefined));
  };
  const send = (write: (writer: JuteWriter) => void) => {
    const writer = new JuteWriter().int(0);
    write(writer);
    const frame = writer.intAt(0, writer.length - 4).bytes();
    for (const byte of frame) if (isOpen) handlers.onData(Buffer.from([byte]));
  };
  const connection: ScriptedConnection = {
    endpoint,
    get connect() {
      return connect;
    },
    requests,
    get isOpen() {
      return isOpen;
    },
    send,
    reply(xid, zxid, errorNumber = 0, write = () => undefined) {
      send((writer) => write(writer.int(xid).long(zxid).int(errorNumber)));
    },
    accept(sessionId, timeoutMs) {
      send((writer) => writer.int(0).int(timeoutMs).long(sessionId).buffer(Buffer.alloc(16, 1)).bool(false));
    },
    close,
  };
  const write = (bytes: Buffer) => {
    frames.push(bytes);
    return true;
  };
  return { connection, transport: { write, end: close, destroy: close } };
}

/** Takes every connection; the test answers it, or does not. */
export function scriptedServer(): ScriptedServer {
  const connections: ScriptedConnection[] = [];
  return {
    transport(endpoint, handlers) {
      const { connection, transport } = serve(endpoint, handlers);
      connections.push(connection);
      queueMicrotask(() => handlers.onOpen());
      return transport;
    },
    connections,
    get latest() {
      const connection = connections.at(-1);
      if (connection === undefined) throw new Error('nobody has connected yet');
      return connection;
    },
  };
}
