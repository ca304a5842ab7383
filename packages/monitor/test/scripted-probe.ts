/** A probe that says what a test tells it to, over a real stream. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { createFrameEncoder, type Report, wire } from '@orchestrator/report';

type Sent = wire.ProbeMessage['message'];

export interface ScriptedProbe {
  readonly received: wire.AppMessage['message'][];
  readonly failure: () => { code?: number; details?: string } | undefined;
  send(message: Sent): void;
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

const path = '/orchestrator.monitor.v1.Monitor/Connect';

export function startProbe(port: number, options: ScriptedProbeOptions): ScriptedProbe {
  const { probeId, token = 'probe-token', hello = true, control } = options;
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const stream: ClientDuplexStream<wire.ProbeMessage, wire.AppMessage> = client.makeBidiStreamRequest(
    path,
    (message: wire.ProbeMessage) => Buffer.from(toBinary(wire.ProbeMessageSchema, message)),
    (bytes: Buffer) => fromBinary(wire.AppMessageSchema, bytes),
    metadata,
  );
  const received: wire.AppMessage['message'][] = [];
  const encoder = createFrameEncoder();
  let failure: { code?: number; details?: string } | undefined;
  const send = (message: Sent) => stream.write(create(wire.ProbeMessageSchema, { message }));
  stream.on('error', (error: Error & { code?: number; details?: string }) => {
    failure = error;
  });
  stream.on('data', ({ message }: wire.AppMessage) => {
    received.push(message);
    if (message.case !== 'controlRequest' || control === undefined) return;
    const answer = create(wire.ControlResponseSchema, { id: message.value.id, ...control(message.value) });
    send({ case: 'controlResponse', value: answer });
  });
  if (hello) {
    const value = create(wire.HelloSchema, { probeId, hostName: 'host-1', version: '1', frameVersion: 1 });
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
