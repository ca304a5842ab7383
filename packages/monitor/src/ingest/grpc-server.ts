import { type Metadata, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import { connectMethod, type DecodeLimits, defaultDecodeLimits } from '@orchestrator/report';
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Collector } from '../collect/collector.ts';
import type { Pipes } from '../control/pipes.ts';
import type { Switchboard } from '../control/switchboard.ts';
import { MonitorError } from '../errors.ts';
import type { Sharing } from '../share/sharing.ts';
import { ProbeSession, type ProbeStream } from './grpc-session.ts';

export interface ProbeServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM; without it the stream is plain. */
  readonly tls?: {
    readonly cert: Buffer;
    readonly key: Buffer;
    readonly ca?: Buffer;
    readonly clientCertificate?: boolean;
  };
  /** Whether `authorization: Bearer TOKEN` of a probe is right; called with an empty text if there is none. */
  readonly isAuthorised: (token: string) => boolean;
  readonly appId: string;
  readonly collector: Collector;
  readonly switchboard: Switchboard;
  readonly pipes: Pipes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decodeLimits?: Partial<DecodeLimits>;
  readonly sharing?: Sharing | undefined;
}

export interface ProbeServer {
  /** Resolves to the port. */
  listen(): Promise<number>;
  /** Ends all streams; probes come back to another instance or try again. */
  close(): Promise<void>;
}

const monitorService: ServiceDefinition = { Connect: connectMethod };

/** A host that was cut off or stopped is noticed within this time, though its connection looks open. */
const keepalive = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
};

/** gRPC puts each message into an envelope, which is not part of the frame. */
const envelopeBytes = 1024;

function tokenOf(metadata: Metadata): string {
  const [value] = metadata.get('authorization');
  const [scheme, token] = String(value ?? '').split(' ', 2);
  return scheme?.toLowerCase() === 'bearer' ? (token ?? '') : '';
}

function credentialsOf(tls: ProbeServerOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, ca, clientCertificate = false } = tls;
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain: cert, private_key: key }], clientCertificate);
}

/** The service that probes dial; see `monitor.proto` of the report. */
export function createProbeServer(options: ProbeServerOptions): ProbeServer {
  const { host, port, tls, isAuthorised, decodeLimits = {} } = options;
  const { frameBytes } = { ...defaultDecodeLimits, ...decodeLimits };
  const server = new Server({
    ...keepalive,
    'grpc.max_receive_message_length': frameBytes + envelopeBytes,
    'grpc.max_concurrent_streams': 16,
  });
  server.addService(monitorService, {
    Connect: (stream: ProbeStream) => {
      if (!isAuthorised(tokenOf(stream.metadata))) {
        stream.emit('error', { code: status.UNAUTHENTICATED, details: 'the token is missing or wrong' });
        return;
      }
      new ProbeSession(stream, { ...options, decodeLimits });
    },
  });
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.bindAsync(address, credentialsOf(tls), (error, bound) => {
          if (error === null) resolve(bound);
          else {
            reject(
              new MonitorError('config', `probes cannot be listened for at ${address}`, {
                cause: error,
                remedy: 'choose another address or port, or stop what uses it',
              }),
            );
          }
        });
      }),
    close: async () => server.forceShutdown(),
  };
}
