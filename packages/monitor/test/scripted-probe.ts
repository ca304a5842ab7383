/** A probe that says what a test tells it to, over a real stream. */
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import {
  connectMethod,
  createFrameEncoder,
  type ProbeWord,
  probeMessage,
  type Report,
  type wire,
} from '@orchestrator/report';

export interface ScriptedProbe {
  readonly received: wire.AppMessage['message'][];
  readonly failure: () => { code?: number; details?: string } | undefined;
  send(word: ProbeWord): void;
  report(report: Report, full: boolean): void;
  close(): void;
}

export interface ScriptedProbeOptions {
  readonly probeId: string;
  readonly token?: string;
  readonly hello?: boolean;
  /** Called with each control; the answer is sent. */
  readonly control?: (
    request: wire.ControlRequest,
  ) => Partial<Omit<wire.ControlResponse, '$typeName' | 'id'>>;
}

export function startProbe(port: number, options: ScriptedProbeOptions): ScriptedProbe {
  const { probeId, token = 'probe-token', hello = true, control } = options;
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const stream: ClientDuplexStream<wire.ProbeMessage, wire.AppMessage> = client.makeBidiStreamRequest(
    connectMethod.path,
    connectMethod.requestSerialize,
    connectMethod.responseDeserialize,
    metadata,
  );
  const received: wire.AppMessage['message'][] = [];
  const encoder = createFrameEncoder();
  let failure: { code?: number; details?: string } | undefined;
  const send = (word: ProbeWord) => stream.write(probeMessage(word));
  stream.on('error', (error: Error & { code?: number; details?: string }) => {
    failure = error;
  });
  stream.on('data', ({ message }: wire.AppMessage) => {
    received.push(message);
    if (message.case !== 'controlRequest' || control === undefined) return;
    const answer = { id: message.value.id, ...control(message.value) };
    send({ case: 'controlResponse', value: answer });
  });
  if (hello) {
    const value = { probeId, hostName: 'host-1', version: '1', frameVersion: 1 };
    send({ case: 'hello', value });
  }
  return {
    received,
    failure: () => failure,
    send,
    report: (report, full) => {
      send({ case: 'report', value: encoder.frame({ probeId, full, report }) });
    },
    close: () => {
      stream.end();
      client.close();
    },
  };
}
