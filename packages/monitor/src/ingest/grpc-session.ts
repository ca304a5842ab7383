/** One probe's stream: reports come up, controls and the bytes of pipes go both ways. */
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  type AppWord,
  appMessage,
  createFrameDecoder,
  type DecodeLimits,
  type FrameDecoder,
  ReportError,
  type wire,
} from '@orchestrator/report';
import type { Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Collector } from '../collect/collector.ts';
import type { ControlRequest, ControlResult, ProbeLink } from '../control/link.ts';
import type { Pipes } from '../control/pipes.ts';
import type { Switchboard } from '../control/switchboard.ts';
import { MonitorError, type MonitorErrorCode } from '../errors.ts';
import { relayHeader } from '../share/relay.ts';
import type { Sharing } from '../share/sharing.ts';
import { PendingControls } from './pending-controls.ts';

export type ProbeStream = ServerDuplexStream<wire.ProbeMessage, wire.AppMessage>;

export interface SessionContext {
  readonly appId: string;
  readonly collector: Collector;
  readonly switchboard: Switchboard;
  readonly pipes: Pipes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decodeLimits: Partial<DecodeLimits>;
  /** With other instances; undefined if there are none. */
  readonly sharing?: Sharing | undefined;
}

/** For `hello` to arrive. */
const helloTimeoutMs = 10_000;
/** Waiting to be sent to a probe; one that does not read loses its pipes. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** Codes that may come from a probe and mean the same here. */
const passedCodes: readonly MonitorErrorCode[] = [
  ...(['invalid', 'not-found', 'limit', 'forbidden', 'conflict', 'precondition', 'outcome-unknown'] as const),
];
const codeOf = (text: string): MonitorErrorCode => passedCodes.find((code) => code === text) ?? 'unavailable';

function resultOf(response: wire.ControlResponse): ControlResult {
  const { value, pipeId, rawTty, resizeTtyControl, removedNode } = response;
  return {
    ...(value === '' ? {} : { value }),
    ...(pipeId === '' ? {} : { pipeId }),
    ...(rawTty ? { rawTty } : {}),
    ...(resizeTtyControl === '' ? {} : { resizeTtyControl }),
    ...(removedNode === '' ? {} : { removedNode }),
  };
}

export class ProbeSession {
  readonly #stream: ProbeStream;
  readonly #context: SessionContext;
  readonly #decoder: FrameDecoder;
  readonly #pending: PendingControls;
  readonly #hello: Timer;
  #link: ProbeLink | undefined;
  #detach: (() => void) | undefined;
  #over = false;
  /** Another instance tells what the probe says there. */
  #isRelayed = false;

  constructor(stream: ProbeStream, context: SessionContext) {
    this.#stream = stream;
    this.#context = context;
    this.#decoder = createFrameDecoder(context.decodeLimits);
    this.#pending = new PendingControls(context.clock);
    this.#hello = context.clock.after(
      helloTimeoutMs,
      () => this.#refuse(status.DEADLINE_EXCEEDED, 'no hello'),
      {
        background: true,
      },
    );
    stream.on('data', (message: wire.ProbeMessage) => this.#received(message));
    stream.on('end', () => this.#end());
    stream.on('cancelled', () => this.#end());
    stream.on('error', (error) => {
      if (!this.#over) context.logger.debug('stream of a probe broke', { error });
      this.#end();
    });
  }

  #received(message: wire.ProbeMessage): void {
    if (this.#over) return;
    try {
      this.#handle(message);
    } catch (error) {
      const known = error instanceof ReportError || error instanceof MonitorError;
      if (!known) this.#context.logger.error('a probe could not be served', { error });
      if (!known) this.#refuse(status.INTERNAL, 'internal error');
      else
        this.#refuse(
          error.code === 'limit' ? status.RESOURCE_EXHAUSTED : status.INVALID_ARGUMENT,
          error.message,
        );
    }
  }

  #handle({ message }: wire.ProbeMessage): void {
    const { pipes } = this.#context;
    const link = this.#link;
    if (message.case === 'hello') this.#greet(message.value);
    else if (link === undefined) this.#refuse(status.FAILED_PRECONDITION, 'the first message is hello');
    else if (message.case === 'report') this.#report(link, message.value);
    else if (message.case === 'controlResponse') this.#answered(message.value);
    else if (message.case === 'pipeBytes') pipes.received(link, message.value.pipeId, message.value.bytes);
    else if (message.case === 'pipeEnd') pipes.ended(link, message.value.pipeId, message.value.error);
  }

  #answered(response: wire.ControlResponse): void {
    const { id, error, errorCode } = response;
    const failure = error === '' ? undefined : new MonitorError(codeOf(errorCode), error);
    this.#pending.answered(id, failure ?? resultOf(response));
  }

  #greet({ probeId, hostName, version, frameVersion }: wire.Hello): void {
    this.#hello.cancel();
    if (this.#link !== undefined || probeId === '') {
      const what = probeId === '' ? 'hello names no probe' : 'a second hello';
      this.#refuse(status.INVALID_ARGUMENT, what);
      return;
    }
    const { collector, switchboard, appId, logger, sharing } = this.#context;
    this.#isRelayed = this.#stream.metadata.get(relayHeader).length > 0;
    if (this.#isRelayed && sharing?.isOwn(probeId) === true) {
      this.#refuse(status.ALREADY_EXISTS, 'the probe itself is here');
      return;
    }
    collector.connect({ id: probeId, hostName, version });
    this.#link = this.#makeLink(probeId);
    this.#detach = switchboard.attach(this.#link);
    if (!this.#isRelayed) sharing?.joined({ id: probeId, hostName, version });
    this.#send({ case: 'welcome', value: { appId } });
    logger.info('probe has connected', { probe: probeId, host: hostName, version, frameVersion });
  }

  #report(link: ProbeLink, message: Parameters<FrameDecoder['frame']>[0]): void {
    const frame = this.#decoder.frame(message);
    try {
      this.#context.collector.add({ ...frame, probeId: link.probeId });
    } catch (error) {
      if (!(error instanceof MonitorError) || error.code !== 'conflict') throw error;
      this.#send({ case: 'resync', value: {} });
    }
  }

  #makeLink(probeId: string): ProbeLink {
    const { pipes } = this.#context;
    const link: ProbeLink = {
      probeId,
      call: (request) => this.#call(request),
      sendPipe: (pipeId, bytes) => {
        if (this.#stream.writableLength > maxWaitingBytes) {
          pipes.ended(link, pipeId, 'the probe reads too slowly');
        } else this.#send({ case: 'pipeBytes', value: { pipeId, bytes } });
      },
      endPipe: (pipeId, error) => this.#send({ case: 'pipeEnd', value: { pipeId, error } }),
    };
    return link;
  }

  #call({ nodeId, control, arguments: given }: ControlRequest): Promise<ControlResult> {
    return this.#pending.wait(control, (id) => {
      const value = { id, nodeId, control, arguments: { ...given } };
      this.#send({ case: 'controlRequest', value });
    });
  }

  #send(word: AppWord): void {
    if (!this.#over) this.#stream.write(appMessage(word));
  }

  #refuse(code: status, details: string): void {
    if (this.#over) return;
    const probe = this.#link?.probeId;
    this.#context.logger.warn('a probe is refused', {
      ...(probe === undefined ? {} : { probe }),
      reason: details,
    });
    this.#cleanUp();
    this.#stream.emit('error', { code, details });
  }

  #end(): void {
    if (this.#over) return;
    this.#cleanUp();
    this.#stream.end();
  }

  #cleanUp(): void {
    this.#over = true;
    this.#hello.cancel();
    this.#detach?.();
    this.#pending.abandon();
    if (this.#link === undefined) return;
    this.#context.collector.disconnect(this.#link.probeId);
    if (!this.#isRelayed) this.#context.sharing?.left(this.#link.probeId);
    this.#context.logger.info('probe has gone', { probe: this.#link.probeId });
  }
}
