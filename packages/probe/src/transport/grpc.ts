import { randomUUID } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import {
  connectMethod,
  createFrameEncoder,
  diffReports,
  emptyReport,
  type FrameEncoder,
  frameVersion,
  type ProbeWord,
  probeMessage,
  type Report,
  type wire,
} from '@orchestrator/report';
import type { AppOptions } from './app-config.ts';
import { createCalls } from './calls.ts';
import { createPacer } from './pacer.ts';
import { createPipes } from './pipes.ts';
import type { Session, SessionContext, SessionEnd } from './session.ts';

type Stream = ClientDuplexStream<wire.ProbeMessage, wire.AppMessage>;

/** Silence is broken this often, so that a vanished app is noticed. */
const channelOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 4 * 2 ** 20,
  'grpc.initial_reconnect_backoff_ms': 100,
  // Reconnecting is our own business; the channel must not wait longer than we do.
  'grpc.max_reconnect_backoff_ms': 1_000,
};
const welcomeTimeoutMs = 10_000;

function channelTo({ grpc = '', tls }: AppOptions): Client {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  const security =
    tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
  return new Client(grpc, security, channelOptions);
}

function openStream(client: Client, token: string | undefined): Stream {
  const headers = new Metadata();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const { path, requestSerialize, responseDeserialize } = connectMethod;
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, headers);
}

/** Reports over a stream of the app's gRPC service; controls and pipes come back over it. */
export function grpcSession(app: AppOptions): Session {
  return (context, signal) =>
    new Promise((resolve) => {
      const client = channelTo(app);
      const stream = openStream(client, app.token);
      const talk = createTalk(context, stream);
      const abort = () => stream.cancel();
      const welcomeTimer = context.clock.after(welcomeTimeoutMs, () => {
        if (!talk.wasAccepted) stream.cancel();
      });
      const end = (error: unknown) => {
        welcomeTimer.cancel();
        signal.removeEventListener('abort', abort);
        talk.stop();
        client.close();
        resolve({ wasAccepted: talk.wasAccepted, error } satisfies SessionEnd);
      };
      signal.addEventListener('abort', abort, { once: true });
      stream.once('error', end);
      // An orderly end has no error; later ones find nobody waiting.
      stream.once('end', () => {
        stream.end();
        end(undefined);
      });
      stream.on('error', () => undefined);
      if (signal.aborted) abort();
    });
}

/** The conversation: hello, welcome, a full frame, and then differences, controls and pipes. */
function createTalk(context: SessionContext, stream: Stream) {
  const { probeId, hostName, version, clock, controls } = context;
  let encoder: FrameEncoder = createFrameEncoder();
  let sent: Report = emptyReport;
  let full = true;
  let accepted = false;
  let blocked = false;

  const send = (word: ProbeWord): boolean => {
    const goesOn = stream.write(probeMessage(word));
    if (!goesOn) blocked = true;
    return goesOn;
  };

  /**
   * There is no queue of reports: while the stream is blocked nothing is sent, and then the difference to what was sent last,
   * however much has happened meanwhile.
   */
  const flush = () => {
    if (!accepted || blocked) return;
    const current = context.current();
    const report = full ? current : diffReports(sent, current);
    sent = current;
    if (report === emptyReport && !full) return;
    const frame = encoder.frame({ probeId, full, report });
    full = false;
    send({ case: 'report', value: frame });
  };

  const pacer = createPacer(clock, flush);
  const pipes = createPipes({
    bytes: (pipeId, bytes) => send({ case: 'pipeBytes', value: { pipeId, bytes: new Uint8Array(bytes) } }),
    ended: (pipeId, error) => send({ case: 'pipeEnd', value: { pipeId, error } }),
  });
  const call = createCalls(controls, pipes, () => `pipe-${randomUUID()}`);
  const unsubscribe = context.onChange(pacer.changed);

  const take = ({ message }: wire.AppMessage) => {
    switch (message.case) {
      case 'welcome':
        accepted = true;
        context.accepted();
        flush();
        break;
      case 'resync':
        encoder = createFrameEncoder();
        full = true;
        flush();
        break;
      case 'controlRequest':
        void call(message.value).then((value) => {
          if (!stream.writableEnded && !stream.destroyed) send({ case: 'controlResponse', value });
        });
        break;
      case 'pipeBytes':
        pipes.write(message.value.pipeId, message.value.bytes);
        break;
      case 'pipeEnd':
        pipes.close(message.value.pipeId);
        break;
      case undefined:
        break; // a newer app's word
    }
  };

  stream.on('data', take);
  stream.on('drain', () => {
    blocked = false;
    pipes.drained();
    flush();
  });
  send({ case: 'hello', value: { probeId, hostName, version, frameVersion } });

  return {
    get wasAccepted() {
      return accepted;
    },
    stop() {
      pacer.stop();
      unsubscribe();
      pipes.closeAll();
    },
  };
}
