/** The app's half of the protocol, as far as it takes to see what a probe sends and when. */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  appMessage,
  connectMethod,
  createFrameDecoder,
  emptyReport,
  isAlive,
  mergeReports,
  type Report,
  type ReportNode,
  type wire,
} from '@orchestrator/report';

export interface App {
  readonly address: string;
  /** Bytes of messages so far, as they are on the wire. */
  receivedBytes(): number;
  /** Probes that have come so far. */
  connections(): number;
  /** What is there now. */
  nodes(topology: string): [string, ReportNode][];
  /** Resolves with the time (ms since 1970) at which the report first fits. */
  seen(what: string, fits: () => boolean): Promise<number>;
  close(): void;
}

const patienceMs = 60_000;

export async function startApp(): Promise<App> {
  let report: Report = emptyReport;
  let bytes = 0;
  let connections = 0;
  const looks = new Set<() => void>();

  const connect = (stream: ServerDuplexStream<wire.ProbeMessage, wire.AppMessage>) => {
    const decoder = createFrameDecoder();
    stream.on('data', ({ message }: wire.ProbeMessage) => {
      if (message.case === 'hello') {
        connections++;
        stream.write(appMessage({ case: 'welcome', value: { appId: 'bench' } }));
      }
      if (message.case !== 'report') return;
      const frame = decoder.frame(message.value);
      report = frame.full ? frame.report : mergeReports(report, frame.report);
      for (const look of looks) look();
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => stream.end());
  };

  const server = new Server();
  const counted = {
    ...connectMethod,
    requestDeserialize(data: Buffer) {
      bytes += data.length;
      return connectMethod.requestDeserialize(data);
    },
  };
  server.addService({ connect: counted }, { connect });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );

  return {
    address: `127.0.0.1:${port}`,
    receivedBytes: () => bytes,
    connections: () => connections,
    nodes: (topology) =>
      [...(report.topologies.get(topology)?.nodes ?? [])].filter(([, node]) => isAlive(node)),
    seen: (what, fits) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          looks.delete(look);
          clearTimeout(patience);
          settle();
        };
        const look = () => {
          if (fits()) end(() => resolve(Date.now()));
        };
        const patience = setTimeout(
          () => end(() => reject(new Error(`${what}: not seen within ${patienceMs} ms`))),
          patienceMs,
        );
        looks.add(look);
        look();
      }),
    close: () => server.forceShutdown(),
  };
}
