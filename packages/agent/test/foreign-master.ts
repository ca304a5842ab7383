/**
 * A master that shares no line with ours: raw sockets, the heads that libprocess writes, and bodies that a real master
 * sent. What is its own in them (ids, versions) is replaced byte for byte.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeMessage, internal, nameOfEnum, TaskState } from '@orchestrator/mesos';
import { freePorts, waitFor } from '@orchestrator/testing';

const recorded: Record<string, string> = JSON.parse(
  readFileSync(new URL('data/libprocess.json', import.meta.url), 'utf8'),
);

/** What a real master or agent sent. */
export const recordedBody = (type: string) => Buffer.from(recorded[type] ?? '', 'base64');

/** The agents' id in what was recorded; whoever registers here gets it. */
export const agentId = '321a1cc4-df3a-4dac-a5b8-a13363a59115-S0';

export interface Heard {
  connection: number;
  /** Request line and header lines. */
  head: string[];
  to: string;
  type: string;
  body: Buffer;
}

interface SayOptions {
  /** Default `master`. */
  from?: string;
  /** Cuts the request: a write for each piece of so many bytes. Default: one write. */
  pieceBytes?: number;
  /** Default the connection of the master; another name opens another one. */
  connection?: string;
}

/** A request of libprocess at the front of the bytes, as real agents write them; undefined while it is not whole. */
function takeRequest(bytes: Buffer): { head: string[]; body: Buffer; rest: Buffer } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const after = bytes.subarray(headEnd + 4);
  if (!head.includes('Transfer-Encoding: chunked')) return { head, body: Buffer.alloc(0), rest: after };
  const lineEnd = after.indexOf('\r\n');
  if (lineEnd === -1) return undefined;
  const size = Number.parseInt(after.toString('latin1', 0, lineEnd), 16);
  const end = lineEnd + 2 + size;
  const last = '\r\n0\r\n\r\n';
  if (after.length < end + last.length) return undefined;
  if (after.toString('latin1', end, end + last.length) !== last) throw new Error('the body is not one chunk');
  return { head, body: after.subarray(lineEnd + 2, end), rest: after.subarray(end + last.length) };
}

export class ForeignMaster {
  readonly heard: Heard[] = [];
  /** By the name of the connection: what the agent answered on it. */
  readonly answers = new Map<string, string>();
  readonly port: number;
  /** Told to whoever asks for the leader. */
  leader: ForeignMaster = this;
  readonly #agentPort: number;
  readonly #server: Server;
  readonly #accepted = new Set<Socket>();
  readonly #opened = new Map<string, Socket>();
  #connections = 0;

  private constructor(port: number, agentPort: number) {
    this.port = port;
    this.#agentPort = agentPort;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(agentPort: number): Promise<ForeignMaster> {
    const [port = 0] = await freePorts(1);
    const master = new ForeignMaster(port, agentPort);
    await new Promise<void>((resolve) => master.#server.listen(port, '127.0.0.1', resolve));
    return master;
  }

  #accept(socket: Socket): void {
    const connection = ++this.#connections;
    let bytes: Buffer = Buffer.alloc(0);
    this.#accepted.add(socket);
    socket.on('close', () => this.#accepted.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      for (let request = takeRequest(bytes); request !== undefined; request = takeRequest(bytes)) {
        bytes = request.rest;
        socket.write(this.#answer(connection, request.head, request.body));
      }
    });
  }

  #answer(connection: number, head: string[], body: Buffer): string {
    const date = `Date: ${new Date().toUTCString()}\r\n`;
    const [method, path = ''] = head[0]?.split(' ') ?? [];
    if (method === 'GET') {
      const location = `Location: //127.0.0.1:${this.leader.port}\r\n`;
      return `HTTP/1.1 307 Temporary Redirect\r\n${date}${location}Content-Length: 0\r\n\r\n`;
    }
    const [, to = '', type = ''] = path.split('/');
    this.heard.push({ connection, head, to, type, body });
    return `HTTP/1.1 202 Accepted\r\n${date}Content-Length: 0\r\n\r\n`;
  }

  #connection(name: string): Socket {
    const open = this.#opened.get(name);
    if (open !== undefined && !open.destroyed) return open;
    const socket = tcpConnect({
      host: '127.0.0.1',
      port: this.#agentPort,
      noDelay: true,
      allowHalfOpen: true,
    });
    this.#opened.set(name, socket);
    this.answers.set(name, '');
    for (const event of ['error', 'end']) socket.on(event, () => socket.destroy());
    socket.on('data', (data) => this.answers.set(name, this.answers.get(name) + data.toString('latin1')));
    return socket;
  }

  /** Bytes as they are. */
  write(bytes: string | Buffer, connection = 'master'): Socket {
    const socket = this.#connection(connection);
    socket.write(bytes);
    return socket;
  }

  /** As `encoder.hpp` of libprocess writes it. */
  async say(type: string, body: Buffer = recordedBody(type), options: SayOptions = {}): Promise<void> {
    const { from = 'master', pieceBytes = Number.POSITIVE_INFINITY, connection = 'master' } = options;
    const sender = `${from}@127.0.0.1:${this.port}`;
    const head = [
      `POST /slave(1)/mesos.internal.${type} HTTP/1.1`,
      `User-Agent: libprocess/${sender}`,
      `Libprocess-From: ${sender}`,
      'Connection: Keep-Alive',
      `Host: 127.0.0.1:${this.#agentPort}`,
      ...(body.length > 0 ? ['Transfer-Encoding: chunked'] : []),
    ].join('\r\n');
    const chunks = body.length > 0 ? [`${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n'] : [];
    const request = Buffer.concat([`${head}\r\n\r\n`, ...chunks].map((part) => Buffer.from(part)));
    const socket = this.#connection(connection);
    for (let at = 0; at < request.length; at += pieceBytes) {
      socket.write(request.subarray(at, Math.min(request.length, at + pieceBytes)));
      if (pieceBytes < request.length) await sleep(1);
    }
  }

  /** Messages of a type, oldest first. */
  all(type: string): Heard[] {
    return this.heard.filter((each) => each.type === `mesos.internal.${type}`);
  }

  /** Resolves with the one that has `count - 1` before it. */
  async hear(type: string, count = 1): Promise<Heard> {
    const what = () => `${type} ${count}; there were ${this.heard.map((each) => each.type).join(', ')}`;
    return await waitFor(() => this.all(type)[count - 1], { what });
  }

  /** Of a task, oldest first. */
  updates(taskId: string): internal.StatusUpdateValid[] {
    return this.all('StatusUpdateMessage')
      .map(({ body }) => decodeMessage(internal.StatusUpdateMessageSchema, body).update)
      .filter(({ status }) => status.taskId.value === taskId);
  }

  /** Of a task, the update in that state. */
  async hearUpdate(taskId: string, state: number): Promise<internal.StatusUpdateValid> {
    const find = () => this.updates(taskId).find(({ status }) => status.state === state);
    return await waitFor(find, {
      what: () => `state ${state} of ${taskId}; there were ${this.#updates().join(' ')}`,
    });
  }

  #updates(): string[] {
    return this.all('StatusUpdateMessage')
      .map(({ body }) => decodeMessage(internal.StatusUpdateMessageSchema, body).update.status)
      .map(({ taskId, state, message }) => `${taskId.value}: ${nameOfEnum(TaskState, state)} (${message})`);
  }

  close(): void {
    this.#server.close();
    for (const socket of [...this.#accepted, ...this.#opened.values()]) socket.destroy();
  }
}
