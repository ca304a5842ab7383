/**
 * A probe of this instance at another one: the other instance is dialled as the probe itself would, told what it reports, and
 * what is asked of the probe there is asked here.
 */
import { type ChannelCredentials, Client, type ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import {
  connectMethod,
  createFrameEncoder,
  type Frame,
  frameVersion,
  type ProbeWord,
  probeMessage,
  type Report,
  type wire,
} from '@orchestrator/report';
import { createBackoff, type Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { ProbeIdentity } from '../collect/collector.ts';
import type { PipeEnd, Pipes } from '../control/pipes.ts';
import type { Switchboard } from '../control/switchboard.ts';
import { MonitorError } from '../errors.ts';

/** Says of a stream that it is not the probe's own: its reports are not told on. */
export const relayHeader = 'x-orchestrator-instance';

export interface RelayOptions {
  /** HOST:PORT of the other instance's service for probes. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly token: string;
  readonly instanceId: string;
  readonly probe: ProbeIdentity;
  /** All that the probe knows; undefined if it has gone. */
  readonly fullReport: () => Report | undefined;
  readonly switchboard: Switchboard;
  readonly pipes: Pipes;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Relay {
  /** What the probe has just reported. */
  tell(frame: Frame): void;
  close(): void;
}

/** Waiting to be sent; beyond it differences are left out, and everything is told once there is room. */
const maxWaitingBytes = 16 * 1024 * 1024;
const keepalive = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 5_000 };

type Stream = ClientDuplexStream<wire.ProbeMessage, wire.AppMessage>;

/** One connection, until it breaks. */
class RelayStream {
  readonly #options: RelayOptions;
  readonly #client: Client;
  readonly #stream: Stream;
  readonly #encoder = createFrameEncoder();
  readonly #ends = new Map<string, PipeEnd>();
  /** Nobody else's pipes are touched by it. */
  readonly #owner: string;
  #isWelcome = false;
  #isBehind = false;
  #over = false;

  constructor(options: RelayOptions, onEnd: (wasWelcome: boolean) => void) {
    const { address, credentials, token, instanceId, probe } = options;
    this.#options = options;
    this.#owner = `instance ${address}`;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    metadata.set(relayHeader, instanceId);
    this.#client = new Client(address, credentials, keepalive);
    this.#stream = this.#client.makeBidiStreamRequest(
      ...([connectMethod.path, connectMethod.requestSerialize, connectMethod.responseDeserialize] as const),
      metadata,
    );
    const ended = () => {
      if (this.#over) return;
      this.close();
      onEnd(this.#isWelcome);
    };
    this.#stream.on('data', ({ message }: wire.AppMessage) => this.#heard(message));
    this.#stream.on('error', (error) => {
      options.logger.debug('another instance does not take a probe', { address, probe: probe.id, error });
      ended();
    });
    this.#stream.on('end', ended);
    this.#stream.on('drain', () => this.#catchUp());
    const { id: probeId, hostName, version } = probe;
    this.#send({ case: 'hello', value: { probeId, hostName, version, frameVersion } });
  }

  tell(frame: Frame): void {
    if (!this.#isWelcome || this.#over) return;
    if (this.#stream.writableLength > maxWaitingBytes) this.#isBehind = true;
    if (!this.#isBehind) this.#send({ case: 'report', value: this.#encoder.frame(frame) });
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    for (const end of this.#ends.values()) end.detach();
    for (const pipeId of this.#ends.keys()) {
      if (this.#options.pipes.has(pipeId)) this.#options.pipes.end(pipeId, this.#owner);
    }
    this.#stream.end();
    this.#client.close();
  }

  #send(word: ProbeWord): void {
    if (!this.#over) this.#stream.write(probeMessage(word));
  }

  #catchUp(): void {
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#tellAll();
  }

  #tellAll(): void {
    const report = this.#options.fullReport();
    if (report !== undefined) this.tell({ probeId: this.#options.probe.id, full: true, report });
  }

  #heard(message: wire.AppMessage['message']): void {
    if (message.case === 'welcome') {
      this.#isWelcome = true;
      this.#tellAll();
    } else if (message.case === 'resync') this.#tellAll();
    else if (message.case === 'controlRequest') void this.#control(message.value);
    else if (message.case === 'pipeBytes') this.#ends.get(message.value.pipeId)?.write(message.value.bytes);
    else if (message.case === 'pipeEnd') this.#endPipe(message.value.pipeId);
  }

  /** The right to it was checked, and it was recorded, where it was asked for. */
  async #control({ id, nodeId, control, arguments: given }: wire.ControlRequest): Promise<void> {
    const { switchboard, probe } = this.#options;
    try {
      const result = await switchboard.call(probe.id, { nodeId, control, arguments: given }, this.#owner);
      this.#send({ case: 'controlResponse', value: { id, ...result } });
      if (result.pipeId !== undefined) this.#lookInto(result.pipeId);
    } catch (error) {
      const { code, message } =
        error instanceof MonitorError ? error : { code: 'unavailable', message: 'it was not done' };
      this.#send({ case: 'controlResponse', value: { id, error: message, errorCode: code } });
    }
  }

  #lookInto(pipeId: string): void {
    const end = this.#options.pipes.attach(
      pipeId,
      {
        send: (bytes) => {
          if (this.#stream.writableLength > maxWaitingBytes) return false;
          this.#send({ case: 'pipeBytes', value: { pipeId, bytes } });
          return true;
        },
        close: (error) => {
          this.#ends.delete(pipeId);
          this.#send({ case: 'pipeEnd', value: { pipeId, error } });
        },
      },
      this.#owner,
    );
    this.#ends.set(pipeId, end);
  }

  #endPipe(pipeId: string): void {
    if (!this.#ends.delete(pipeId)) return;
    if (this.#options.pipes.has(pipeId)) this.#options.pipes.end(pipeId, this.#owner);
  }
}

/** Goes on until it is closed, whatever breaks. */
export function createRelay(options: RelayOptions): Relay {
  const { clock } = options;
  const backoff = createBackoff({ firstDelayMs: 250, maxDelayMs: 10_000 });
  let stream: RelayStream | undefined;
  let timer: Timer | undefined;
  let closed = false;
  const dial = () => {
    stream = new RelayStream(options, (wasWelcome) => {
      if (closed) return;
      if (wasWelcome) backoff.reset();
      timer = clock.after(backoff.nextDelayMs(), dial, { background: true });
    });
  };
  dial();
  return {
    tell: (frame) => stream?.tell(frame),
    close() {
      closed = true;
      timer?.cancel();
      stream?.close();
    },
  };
}
