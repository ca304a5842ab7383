import { randomUUID } from 'node:crypto';
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
import { openGrpcStream } from './grpc-stream.ts';
import { createPacer } from './pacer.ts';
import { createPipes } from './pipes.ts';
import type { Session, SessionContext, SessionEnd } from './session.ts';

const welcomeTimeoutMs = 10_000;

/** Reports over a stream of the app's gRPC service; controls and pipes come back over it. */
export function grpcSession({ grpc = '', tls, token }: AppOptions): Session {
  return (context, signal) =>
    new Promise((resolve) => {
      const { clock } = context;
      const end = (error: unknown) => {
        welcomeTimer.cancel();
        signal.removeEventListener('abort', abort);
        talk.stop();
        resolve({ wasAccepted: talk.wasAccepted, error } satisfies SessionEnd);
      };
      const stream = openGrpcStream({
        ...{ address: grpc, tls, path: connectMethod.path, clock },
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        message: (bytes) => talk.take(connectMethod.responseDeserialize(bytes)),
        drained: () => talk.drained(),
        ended: end,
      });
      const talk = createTalk(context, (message) => stream.send(connectMethod.requestSerialize(message)));
      const abort = () => stream.cancel();
      const welcomeTimer = clock.after(welcomeTimeoutMs, () => {
        if (!talk.wasAccepted) stream.cancel();
      });
      signal.addEventListener('abort', abort, { once: true });
      talk.begin();
      if (signal.aborted) abort();
    });
}

/** The conversation: hello, welcome, a full frame, and then differences, controls and pipes. */
function createTalk(context: SessionContext, write: (message: wire.ProbeMessage) => boolean) {
  const { probeId, hostName, version, clock, controls } = context;
  let encoder: FrameEncoder = createFrameEncoder();
  let sent: Report = emptyReport;
  let full = true;
  let accepted = false;
  let blocked = false;
  let stopped = false;

  const send = (word: ProbeWord): boolean => {
    const goesOn = write(probeMessage(word));
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
          if (!stopped) send({ case: 'controlResponse', value });
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

  return {
    get wasAccepted() {
      return accepted;
    },
    begin: () => send({ case: 'hello', value: { probeId, hostName, version, frameVersion } }),
    take,
    drained() {
      blocked = false;
      pipes.drained();
      flush();
    },
    stop() {
      stopped = true;
      pacer.stop();
      unsubscribe();
      pipes.closeAll();
    },
  };
}
