import type { ServerResponse } from 'node:http';
import {
  type BodyFormat,
  encodeBody,
  encodeRecord,
  type MessageShape,
  type Parts,
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
  /** It is ended because its reader is too slow: `streamLimits.waitingBytes` wait for it. */
  readonly onTooSlow: (waitingBytes: number) => void;
}

/**
 * Events as RecordIO on a response that stays open, with heartbeats. Those of one round of the event loop leave in one write,
 * yet each in an HTTP chunk of its own, as Mesos sends them: there are clients that take a chunk for a record.
 */
export class EventStream<Desc extends MessageDescriptor> {
  readonly #options: EventStreamOptions<Desc>;
  #timer: Timer | undefined;
  #ended = false;
  #isCorked = false;

  constructor(options: EventStreamOptions<Desc>) {
    this.#options = options;
    options.response.on('close', () => this.#end());
    options.response.on('error', () => this.#end());
    this.#beat();
  }

  send(event: Valid<Desc> | MessageShape<Desc>): void {
    const { response, format, schema } = this.#options;
    if (this.#ended || response.destroyed) return;
    if (response.writableLength > streamLimits.waitingBytes) {
      this.#options.onTooSlow(response.writableLength);
      response.destroy();
      return;
    }
    this.#write(encodeRecord(encodeBody(format, schema, event)));
  }

  /** An event that took long to write; its parts are copied. */
  sendEncoded({ parts, bytes }: Parts): void {
    if (!this.#ended) this.#write(Buffer.concat([Buffer.from(`${bytes}\n`), ...parts]));
  }

  /** Ends it after what was sent. */
  close(): void {
    if (this.#ended) return;
    this.#options.response.end();
    this.#end();
  }

  #write(bytes: Uint8Array): void {
    const { response } = this.#options;
    const { socket } = response;
    if (!this.#isCorked && socket !== null) {
      this.#isCorked = true;
      socket.cork();
      setImmediate(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    response.write(bytes);
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
