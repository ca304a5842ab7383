import type { ServerResponse } from 'node:http';
import {
  type BodyFormat,
  encodeBody,
  encodeRecord,
  type MessageShape,
  type Valid,
} from '@orchestrator/mesos';
import type { Clock, Timer } from '@orchestrator/runtime';

type MessageDescriptor = Parameters<typeof encodeBody>[1];

export const streamLimits = {
  /** Bytes that wait for a reader that is slower than its events; then its stream ends, and it subscribes anew. */
  waitingBytes: 64 * 1024 * 1024,
} as const;

export interface EventStreamOptions<Desc extends MessageDescriptor> {
  readonly response: ServerResponse;
  readonly format: BodyFormat;
  readonly schema: Desc;
  readonly heartbeat: Valid<Desc>;
  readonly heartbeatIntervalMs: number;
  readonly clock: Clock;
  /** Once, whoever ended it. */
  readonly onEnd: () => void;
}

/** Events as RecordIO on a response that stays open, with heartbeats. */
export class EventStream<Desc extends MessageDescriptor> {
  readonly #options: EventStreamOptions<Desc>;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: EventStreamOptions<Desc>) {
    this.#options = options;
    options.response.on('close', () => this.#end());
    options.response.on('error', () => this.#end());
    this.#beat();
  }

  send(event: Valid<Desc> | MessageShape<Desc>): void {
    if (this.#ended) return;
    const { response, format, schema } = this.#options;
    if (response.writableLength > streamLimits.waitingBytes) {
      response.destroy();
      return;
    }
    response.write(encodeRecord(encodeBody(format, schema, event)));
  }

  /** Ends it after what was sent. */
  close(): void {
    if (this.#ended) return;
    this.#options.response.end();
    this.#end();
  }

  #beat(): void {
    const { clock, heartbeat, heartbeatIntervalMs } = this.#options;
    this.#timer = clock.after(
      heartbeatIntervalMs,
      () => {
        this.send(heartbeat);
        if (!this.#ended) this.#beat();
      },
      { background: true },
    );
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#options.onEnd();
  }
}
