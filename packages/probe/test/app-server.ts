/** The server's half of the protocol, as small as tests need it: takes reports, calls controls, holds pipes. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  type AppWord,
  appMessage,
  connectMethod,
  createFrameDecoder,
  decodeReport,
  emptyReport,
  isAlive,
  mergeReports,
  probeMessage,
  type Report,
  type ReportNode,
  type wire,
} from '@orchestrator/report';

type Stream = ServerDuplexStream<wire.ProbeMessage, wire.AppMessage>;

interface Pipe {
  output: string;
  ended: string | undefined;
}

export interface AppServerOptions {
  port?: number;
  token?: string;
  tls?: { key: string; cert: string; ca: string };
}

export interface AppServer {
  readonly address: string;
  readonly port: number;
  readonly probeIds: ReadonlySet<string>;
  /** Bytes and frames received, as they are on the wire without gRPC's own. */
  readonly received: { bytes: number; frames: number; full: number };
  report(): Report;
  /** A node that is there now. */
  node(topology: string, id: string): ReportNode | undefined;
  find(topology: string, is: (node: ReportNode, id: string) => boolean): [string, ReportNode] | undefined;
  call(nodeId: string, control: string, args?: Record<string, string>): Promise<wire.ControlResponse>;
  pipe(pipeId: string): Pipe;
  write(pipeId: string, text: string): void;
  closePipe(pipeId: string): void;
  resync(): void;
  /** Stops reading what the probe sends. */
  pauseReading(): void;
  resumeReading(): void;
  onReport(listener: () => void): void;
  close(): Promise<void>;
}

export const latestOf = (node: ReportNode | undefined, key: string): string | undefined =>
  node?.latest.get(key)?.value;

export async function startAppServer(options: AppServerOptions = {}): Promise<AppServer> {
  const probeIds = new Set<string>();
  const received = { bytes: 0, frames: 0, full: 0 };
  const answers = new Map<string, (response: wire.ControlResponse) => void>();
  const pipes = new Map<string, Pipe>();
  const listeners: (() => void)[] = [];
  let report = emptyReport;
  let current: Stream | undefined;

  const send = (word: AppWord) => {
    if (current === undefined) throw new Error('no probe is connected');
    current.write(appMessage(word));
  };
  const pipe = (pipeId: string): Pipe => {
    const known = pipes.get(pipeId) ?? { output: '', ended: undefined };
    pipes.set(pipeId, known);
    return known;
  };

  const connect = (stream: Stream) => {
    if (
      options.token !== undefined &&
      stream.metadata.get('authorization')[0] !== `Bearer ${options.token}`
    ) {
      stream.emit('error', { code: status.UNAUTHENTICATED, details: 'wrong token' });
      return;
    }
    const decoder = createFrameDecoder();
    current = stream;
    stream.on('data', ({ message }: wire.ProbeMessage) => {
      switch (message.case) {
        case 'hello':
          probeIds.add(message.value.probeId);
          send({ case: 'welcome', value: { appId: 'app' } });
          break;
        case 'report': {
          received.bytes += connectMethod.requestSerialize(probeMessage(message)).length;
          received.frames++;
          if (message.value.full) received.full++;
          const frame = decoder.frame(message.value);
          report = frame.full ? frame.report : mergeReports(report, frame.report);
          for (const listener of listeners) listener();
          break;
        }
        case 'controlResponse':
          answers.get(message.value.id)?.(message.value);
          break;
        case 'pipeBytes':
          pipe(message.value.pipeId).output += Buffer.from(message.value.bytes).toString();
          break;
        case 'pipeEnd':
          pipe(message.value.pipeId).ended = message.value.error;
          break;
        default:
      }
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => undefined);
  };

  const server = new Server();
  server.addService({ connect: connectMethod }, { connect });
  const security =
    options.tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(Buffer.from(options.tls.ca), [
          { private_key: Buffer.from(options.tls.key), cert_chain: Buffer.from(options.tls.cert) },
        ]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, security, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );

  return {
    address: `127.0.0.1:${port}`,
    port,
    probeIds,
    received,
    report: () => report,
    node(topology, id) {
      const node = report.topologies.get(topology)?.nodes.get(id);
      return node !== undefined && isAlive(node) ? node : undefined;
    },
    find: (topology, is) =>
      [...(report.topologies.get(topology)?.nodes ?? [])].find(([id, node]) => isAlive(node) && is(node, id)),
    call(nodeId, control, args = {}) {
      const id = randomUUID();
      return new Promise((resolve) => {
        answers.set(id, resolve);
        send({ case: 'controlRequest', value: { id, nodeId, control, arguments: args } });
      });
    },
    pipe,
    write: (pipeId, text) => send({ case: 'pipeBytes', value: { pipeId, bytes: Buffer.from(text) } }),
    closePipe: (pipeId) => send({ case: 'pipeEnd', value: { pipeId } }),
    resync: () => send({ case: 'resync', value: {} }),
    pauseReading: () => current?.pause(),
    resumeReading: () => current?.resume(),
    onReport: (listener) => listeners.push(listener),
    async close() {
      server.forceShutdown();
    },
  };
}

export interface ReportReceiver {
  readonly url: string;
  readonly statuses: number[];
  report(): Report;
  /** As after a restart: it has no full report any more. */
  forget(): void;
  close(): Promise<void>;
}

/** `POST /api/report` alone. */
export async function startReportReceiver(token?: string): Promise<ReportReceiver> {
  let report: Report | undefined;
  const statuses: number[] = [];
  const server: HttpServer = createServer(async (request, response) => {
    const answer = (code: number) => {
      statuses.push(code);
      response.writeHead(code).end();
    };
    const body = await buffer(request);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) return answer(401);
    const frame = decodeReport(gunzipSync(body));
    if (!frame.full && report === undefined) return answer(409);
    report = frame.full || report === undefined ? frame.report : mergeReports(report, frame.report);
    return answer(204);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statuses,
    report: () => report ?? emptyReport,
    forget() {
      report = undefined;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
