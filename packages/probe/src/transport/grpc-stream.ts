/**
 * A gRPC call of two streams over node:http2. The library for it takes a tenth of the memory that a probe may have, for balancing,
 * name resolution and retries that an uplink has no use for.
 *
 *   request   POST path, content-type application/grpc, te trailers
 *   message   0 (1 byte: not compressed), length (4 bytes, big-endian), bytes
 *   end       trailers grpc-status, grpc-message; in the headers if there was no message
 */
import type Http2 from 'node:http2';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { ErrorCode } from '@orchestrator/runtime/errors';
import { ProbeError } from '../errors.ts';
import type { AppTls } from './app-config.ts';

export interface GrpcStreamOptions {
  /** `host:port` */
  readonly address: string;
  /** Without: in plain text. */
  readonly tls?: AppTls | undefined;
  /** `/package.Service/Method` */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly message: (bytes: Buffer) => void;
  /** After `send` has said no: there is room again. */
  readonly drained: () => void;
  /** Called once; without an error after an end in order. Nothing is called after it. */
  readonly ended: (error: ProbeError | undefined) => void;
}

export interface GrpcStream {
  /** False: it was taken, and no more should be before `drained`. */
  send(message: Uint8Array): boolean;
  cancel(): void;
}

const headerBytes = 5;
const largestMessageBytes = 4 * 2 ** 20;
/** Silence is broken this often, so that a peer that has vanished is noticed. */
const pingEveryMs = 20_000;
const pingTimeoutMs = 5_000;

const codes: Readonly<Record<number, ErrorCode>> = {
  1: 'cancelled',
  3: 'invalid',
  4: 'timeout',
  5: 'not-found',
  7: 'forbidden',
  8: 'limit',
  12: 'not-found',
  16: 'unauthenticated',
};

/** Splits what arrives into messages, however it is cut. */
function createFramer(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= headerBytes) {
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0 || length > largestMessageBytes)
        throw new ProbeError(`the app sent a message of ${length} bytes, or a compressed one`, {
          code: 'limit',
        });
      if (rest.length < headerBytes + length) return;
      take(rest.subarray(headerBytes, headerBytes + length));
      rest = rest.subarray(headerBytes + length);
    }
  };
}

/** What the peer's last headers say; undefined if they do not say how it ended. */
function outcomeIn(headers: Http2.IncomingHttpHeaders): { error: ProbeError | undefined } | undefined {
  const status = headers['grpc-status'];
  if (status === '0') return { error: undefined };
  if (typeof status === 'string') {
    const code = codes[Number(status)] ?? 'unavailable';
    const said = String(headers['grpc-message'] ?? '');
    return {
      error: new ProbeError(`${decode(said) || `gRPC status ${status}`} (${code})`, {
        code,
        retryable: true,
      }),
    };
  }
  const http = headers[':status'];
  if (http === undefined || Number(http) === 200) return undefined;
  return {
    error: new ProbeError(`it answered with ${http}; is this its gRPC port?`, { code: 'unavailable' }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray per cent sign
  }
}

const unreachable = (cause: unknown) =>
  new ProbeError(cause instanceof Error ? cause.message : 'the connection broke', {
    code: 'unavailable',
    retryable: true,
    cause,
  });

/** Connects and begins the call at once; all that goes wrong is told by `ended`. */
export function openGrpcStream(options: GrpcStreamOptions): GrpcStream {
  const { address, tls, path, headers, clock } = options;
  const http2: typeof Http2 = process.getBuiltinModule('node:http2');
  let pings: Timer | undefined;
  let isOver = false;
  let outcome: { error: ProbeError | undefined } | undefined;

  const finish = (error: ProbeError | undefined) => {
    if (isOver) return;
    isOver = true;
    pings?.cancel();
    session.destroy();
    options.ended(error);
  };

  const session = http2.connect(`${tls === undefined ? 'http' : 'https'}://${address}`, {
    ...tls,
    settings: { enablePush: false },
  });
  session.on('error', (cause) => finish(unreachable(cause)));
  session.on('goaway', () => finish(outcome?.error ?? unreachable(new Error('the app goes away'))));
  session.on('close', () => finish(unreachable(undefined)));

  const call = session.request({
    ...headers,
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const framer = createFramer((message) => {
    if (!isOver) options.message(message);
  });
  call.on('response', (answer) => {
    outcome = outcomeIn(answer);
  });
  call.on('trailers', (trailers) => {
    outcome = outcomeIn(trailers) ?? outcome;
  });
  call.on('data', (chunk: Buffer) => {
    try {
      framer(chunk);
    } catch (error) {
      finish(error instanceof ProbeError ? error : unreachable(error));
    }
  });
  call.on('drain', options.drained);
  call.on('error', (cause) => finish(outcome?.error ?? unreachable(cause)));
  // Trailers come before the end.
  call.on('end', () => finish(outcome === undefined ? unreachable(undefined) : outcome.error));
  call.on('close', () => finish(outcome === undefined ? unreachable(undefined) : outcome.error));

  const ping = () => {
    const patience = clock.after(pingTimeoutMs, () => finish(unreachable(new Error('the app is silent'))), {
      background: true,
    });
    session.ping(() => patience.cancel());
    pings = clock.after(pingEveryMs, ping, { background: true });
  };
  pings = clock.after(pingEveryMs, () => ping(), { background: true });

  return {
    send(message) {
      if (isOver) return false;
      const framed = Buffer.allocUnsafe(headerBytes + message.length);
      framed[0] = 0;
      framed.writeUInt32BE(message.length, 1);
      framed.set(message, headerBytes);
      return call.write(framed);
    },
    cancel() {
      call.close(http2.constants.NGHTTP2_CANCEL);
      finish(new ProbeError('the probe ends the connection', { code: 'cancelled' }));
    },
  };
}
