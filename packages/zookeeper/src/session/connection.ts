import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { diagnostics, type RequestMessage } from '../diagnostics.ts';
import { type ErrorCode, errorCode, ZooKeeperError } from '../errors.ts';
import { JuteReader } from '../jute/reader.ts';
import { JuteWriter } from '../jute/writer.ts';
import { FrameReader } from './frames.ts';
import {
  type ConnectRequest,
  type ConnectResponse,
  readConnectResponse,
  writeConnectRequest,
} from './handshake.ts';
import { Liveness } from './liveness.ts';
import type { PendingRequest } from './request.ts';
import { RequestQueue } from './request-queue.ts';
import type { Endpoint, OpenTransport, Transport } from './transport.ts';

/** Numbers that stand in place of a request's own where the answer is not one to a caller. */
const xids = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;
const opCodePing = 11;

/** Requests of one turn of the event loop leave in one write, or in several of about this size. */
const batchBytes = 128 * 1024;
/**
 * While the server has half a window of requests before it, more are held until there are this many, a write costing more
 * than all else about a small request. They would wait behind the others at the server; on a long line, where they would
 * not, it is but a small share of the window that comes later.
 */
const mostHeld = 32;
const heldShareOfWindow = 1 / 16;

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly open: OpenTransport;
  readonly clock: Clock;
  readonly connect: ConnectRequest;
  /** For everything up to the server's answer to the connect request. */
  readonly connectTimeoutMs: number;
  readonly chroot: string;
  readonly maxInFlight: number;
  readonly juteMaxBuffer: number;
  readonly maxReplyBytes: number;
  /** A watch event's record is next in the reader. */
  onNotification(reader: JuteReader, zxid: bigint): void;
  /** There is room for requests that wait. */
  onRoom(): void;
}

/** A request of the session itself: authentication and the restoring of watches. */
interface Control {
  readonly xid: number;
  readonly resolve: (errorNumber: number) => void;
  readonly reject: (error: ZooKeeperError) => void;
}

/**
 * One connection to one server: the handshake, then frames out in batches and answers in, in the order of the requests.
 * When it ends, for whatever reason, every request on it fails with `ConnectionLoss`; a new one is the session's business.
 */
export class Connection {
  readonly endpoint: Endpoint;
  /** The server's answer to the connect request; rejects when there is none. */
  readonly handshake: Promise<ConnectResponse>;
  /** Resolves with the reason once the connection has ended. */
  readonly closed: Promise<ZooKeeperError>;
  /** Latest transaction that any answer has shown. */
  lastZxidSeen: bigint;

  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #writer = new JuteWriter(16 * 1024);
  readonly #reader = new JuteReader(Buffer.alloc(0));
  readonly #frames: FrameReader;
  readonly #inFlight = new RequestQueue<PendingRequest>();
  readonly #controls: Control[] = [];
  readonly #connectTimer: Timer;
  #liveness: Liveness | undefined;
  #receive: (bytes: Buffer, start: number, end: number) => void;
  #flushScheduled = false;
  readonly #heldLimit: number;
  /** Requests in the writer. */
  #unsent = 0;
  #choked = false;
  #ended = false;
  #error: ZooKeeperError | undefined;
  #resolveHandshake!: (response: ConnectResponse) => void;
  #rejectHandshake!: (error: ZooKeeperError) => void;
  #resolveClosed!: (reason: ZooKeeperError) => void;

  constructor(options: ConnectionOptions) {
    this.endpoint = options.endpoint;
    this.lastZxidSeen = options.connect.lastZxidSeen;
    this.#options = options;
    this.#heldLimit = Math.min(mostHeld, options.maxInFlight * heldShareOfWindow);
    this.handshake = new Promise((resolve, reject) => {
      this.#resolveHandshake = resolve;
      this.#rejectHandshake = reject;
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#receive = (bytes, start, end) => this.#receiveHandshake(bytes, start, end);
    this.#frames = new FrameReader(options.maxReplyBytes, {
      onFrame: (bytes, start, end) => this.#receive(bytes, start, end),
      onOversized: (head, length) => this.#receiveOversized(head, length),
    });
    this.#connectTimer = options.clock.after(options.connectTimeoutMs, () => {
      this.destroy(`no answer to the connect request within ${options.connectTimeoutMs} ms`);
    });
    this.#transport = options.open(options.endpoint, {
      onOpen: () => this.#sendConnectRequest(),
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => this.#onDrain(),
      onClose: (error) => this.#onClose(error),
    });
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get hasRoom(): boolean {
    return this.#inFlight.length < this.#options.maxInFlight && !this.#choked && !this.#ended;
  }

  /** Milliseconds of the clock's monotonic time at which the server was last heard. */
  get receivedMs(): number | undefined {
    return this.#liveness?.receivedMs;
  }

  /** Encodes a request into the next batch. One that cannot be sent fails at once and takes no room. */
  send(request: PendingRequest): void {
    const start = this.#writer.length;
    try {
      this.#writer.int(0);
      request.encode(this.#writer, this.#options.chroot);
      this.#endFrame(start, request);
    } catch (error) {
      this.#writer.truncate(start);
      request.failWith(error);
      return;
    }
    if (diagnostics.request.hasSubscribers) request.sentMs = this.#options.clock.monotonicMs();
    this.#inFlight.push(request);
    this.#unsent++;
    if (!this.#mayHold()) this.#scheduleFlush();
  }

  /** Replies to come will have {@link #onData} look again, so nothing is held for ever. */
  #mayHold(): boolean {
    const before = this.#inFlight.length - this.#unsent;
    const small = this.#unsent < this.#heldLimit && this.#writer.length < batchBytes;
    return small && before * 2 > this.#options.maxInFlight;
  }

  /** Sends `xid | opCode | body`; resolves with the error number of the answer, rejects when the connection ends. */
  control(kind: 'auth' | 'setWatches', opCode: number, write: (writer: JuteWriter) => void): Promise<number> {
    const xid = xids[kind];
    const start = this.#writer.length;
    write(this.#writer.int(0).int(xid).int(opCode));
    this.#endFrame(start);
    this.#scheduleFlush();
    return new Promise((resolve, reject) => this.#controls.push({ xid, resolve, reject }));
  }

  /** Sends what is buffered and closes. */
  end(): void {
    this.#flush();
    this.#transport.end();
  }

  destroy(reason: string): void {
    this.#destroy(new ZooKeeperError('ConnectionLoss', `${this.#name()}: ${reason}`));
  }

  #destroy(error: ZooKeeperError): void {
    this.#error ??= error;
    this.#transport.destroy();
  }

  #name(): string {
    const { host, port } = this.endpoint;
    return `${host}:${port}`;
  }

  #endFrame(start: number, request?: PendingRequest): void {
    const length = this.#writer.length - start - 4;
    const limit = this.#options.juteMaxBuffer;
    if (length > limit) {
      const subject = `${request?.name ?? 'request'} ${request?.path ?? ''}`.trimEnd();
      throw new ZooKeeperError(
        'MarshallingError',
        `${subject}: the request takes ${length} bytes, over the ${limit} of juteMaxBuffer; make it smaller, or raise ` +
          'jute.maxbuffer on every server and juteMaxBuffer here',
        { op: request?.name, path: request?.path },
      );
    }
    this.#writer.intAt(start, length);
  }

  #scheduleFlush(): void {
    if (this.#writer.length >= batchBytes) {
      this.#flush();
    } else if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      process.nextTick(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    if (this.#writer.length === 0 || this.#ended) return;
    this.#liveness?.sent();
    this.#unsent = 0;
    if (!this.#transport.write(this.#writer.take())) this.#choked = true;
  }

  #sendConnectRequest(): void {
    const start = this.#writer.length;
    writeConnectRequest(this.#writer.int(0), this.#options.connect);
    this.#endFrame(start);
    this.#flush();
  }

  #onData(chunk: Buffer): void {
    if (this.#ended || this.#error !== undefined) return;
    this.#liveness?.received();
    try {
      this.#frames.push(chunk);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#destroy(
        new ZooKeeperError('ProtocolError', `${this.#name()}: unreadable answer: ${reason}`, { cause }),
      );
      return;
    }
    if (this.hasRoom) this.#options.onRoom();
    if (this.#unsent > 0 && !this.#mayHold()) this.#scheduleFlush();
  }

  #onDrain(): void {
    this.#choked = false;
    if (this.hasRoom) this.#options.onRoom();
  }

  #receiveHandshake(bytes: Buffer, start: number, end: number): void {
    const response = readConnectResponse(this.#reader.reset(bytes, start, end));
    this.#connectTimer.cancel();
    this.#receive = (frame, from, to) => this.#receiveReply(frame, from, to);
    if (response.sessionTimeoutMs > 0) this.#startLiveness(response.sessionTimeoutMs);
    this.#resolveHandshake(response);
  }

  #startLiveness(sessionTimeoutMs: number): void {
    this.#liveness = new Liveness(this.#options.clock, sessionTimeoutMs, {
      onIdle: () => this.#ping(),
      onSilent: (silentMs) => this.destroy(`nothing heard for ${Math.round(silentMs)} ms`),
    });
  }

  /** RequestHeader: int xid | int type, with nothing after it. */
  #ping(): void {
    this.#writer.int(8).int(xids.ping).int(opCodePing);
    this.#flush();
  }

  /** ReplyHeader: int xid | long zxid | int err, then the response unless err is set. */
  #receiveReply(bytes: Buffer, start: number, end: number): void {
    const reader = this.#reader.reset(bytes, start, end);
    const xid = reader.int();
    const zxid = reader.long();
    const errorNumber = reader.int();
    if (xid === xids.notification) {
      this.#options.onNotification(reader, zxid);
      return;
    }
    if (zxid > this.lastZxidSeen) this.lastZxidSeen = zxid;
    if (xid >= 0) this.#settle(this.#take(xid), errorNumber, reader, zxid);
    else if (xid !== xids.ping) this.#settleControl(xid, errorNumber);
  }

  #settle(request: PendingRequest, errorNumber: number, reader: JuteReader, zxid: bigint): void {
    try {
      request.settle(errorNumber, reader, { zxid, cxid: request.cxid }, this.#options.chroot);
    } catch (error) {
      request.fail('ConnectionLoss', error);
      throw error;
    }
    if (diagnostics.request.hasSubscribers) this.#publish(request, errorCode(errorNumber));
  }

  #publish({ name: op, path, cxid, sentMs }: PendingRequest, code: ErrorCode | undefined): void {
    const durationMs = this.#options.clock.monotonicMs() - sentMs;
    diagnostics.request.publish({
      op,
      path,
      cxid,
      server: this.#name(),
      durationMs,
      code,
    } satisfies RequestMessage);
  }

  #take(xid: number): PendingRequest {
    const request = this.#inFlight.shift();
    if (request?.cxid === xid) return request;
    // Out of the queue already: it must not be forgotten when the connection goes down over this.
    request?.fail('ConnectionLoss');
    throw new ZooKeeperError('ProtocolError', `reply to request ${xid}, expected ${request?.cxid ?? 'none'}`);
  }

  #settleControl(xid: number, errorNumber: number): void {
    const index = this.#controls.findIndex((control) => control.xid === xid);
    const [control] = index === -1 ? [] : this.#controls.splice(index, 1);
    if (control === undefined) throw new ZooKeeperError('ProtocolError', `reply with unexpected xid ${xid}`);
    control.resolve(errorNumber);
  }

  #receiveOversized(head: Buffer, length: number): void {
    const reader = this.#reader.reset(head, 0, head.length);
    const xid = reader.int();
    const zxid = reader.long();
    if (this.#liveness === undefined || xid < 0) {
      throw new ZooKeeperError(
        'ProtocolError',
        `frame of ${length} bytes, over the ${this.#options.maxReplyBytes} allowed`,
      );
    }
    const request = this.#take(xid);
    const { name: op, path } = request;
    request.failWith(
      new ZooKeeperError(
        'MarshallingError',
        `${op} ${path ?? ''}: the reply takes ${length} bytes, over maxReplyBytes ${this.#options.maxReplyBytes}; raise it`,
        { op, path, zxid, cxid: xid },
      ),
    );
  }

  #onClose(cause: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connectTimer.cancel();
    this.#liveness?.stop();
    const error =
      this.#error ??
      new ZooKeeperError(
        'ConnectionLoss',
        `${this.#name()}: ${cause?.message ?? 'the server closed the connection'}`,
        {
          cause,
        },
      );
    for (const request of this.#inFlight.drain()) {
      request.fail('ConnectionLoss', error);
      if (diagnostics.request.hasSubscribers) this.#publish(request, 'ConnectionLoss');
    }
    for (const control of this.#controls.splice(0)) control.reject(error);
    this.#rejectHandshake(error);
    this.#resolveClosed(error);
  }
}
