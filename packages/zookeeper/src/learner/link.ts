import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { ZooKeeperError } from '../errors.ts';
import type { Endpoint, OpenTransport, Transport } from '../session/transport.ts';
import { LearnerProtocol, type LearnerProtocolOptions } from './protocol.ts';
import { LearnerStream } from './stream.ts';

/** Proves who we are before the first packet, where the quorum demands it. */
export interface QuorumAuthentication {
  /** The first bytes to send. */
  start(): Buffer;
  /** What to answer to received bytes; `done` once the leader is satisfied. Throws `AuthFailed`. */
  receive(bytes: Buffer): { readonly answer?: Buffer; readonly done: boolean };
}

export interface LinkOptions extends LearnerProtocolOptions {
  readonly endpoint: Endpoint;
  readonly open: OpenTransport;
  readonly authentication: QuorumAuthentication | undefined;
  /** Up to the leader's offer. */
  readonly connectTimeoutMs: number;
  /** A leader pings each half tick; one that says nothing for this long is given up. */
  readonly silenceTimeoutMs: number;
  readonly clock: Clock;
}

export interface LinkHandlers {
  /** The server leads, or serves observers, and waits for `accept`. */
  onOffer(link: LeaderLink): void;
  /** What arrives after `accept`. Throwing ends the link: these bytes then count as never received. */
  onBytes(bytes: Buffer, arrivedAtMs: number): void;
  /** Once; not after `destroy`. */
  onEnd(reason: Error): void;
}

/**
 * One connection to one server's quorum port. It reads whatever comes as fast as it comes, and answers; what the bytes
 * mean to us is for others, later.
 */
export class LeaderLink {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #protocol: LearnerProtocol;
  readonly #scanner: LearnerStream;
  readonly #transport: Transport;
  #authenticating: boolean;
  #accepted = false;
  #ended = false;
  #received: bigint;
  #snapshotZxid = 0n;
  #heardAtMs: number;
  #timer: Timer;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#protocol = new LearnerProtocol(options);
    this.#received = options.resumeFrom;
    this.#authenticating = options.authentication !== undefined;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#scanner = new LearnerStream(
      {
        packet: (packet) => {
          this.#snapshotZxid = packet.zxid;
          const answer = this.#protocol.receive(packet);
          if (answer !== undefined) this.#transport.write(answer);
        },
        snapshotEnd: () => this.#protocol.snapshotComplete(this.#snapshotZxid),
      },
      { readsSnapshot: false },
    );
    this.#timer = options.clock.after(options.connectTimeoutMs, () => this.#onConnectTimeout());
    this.#transport = options.open(options.endpoint, {
      onOpen: () => this.#onOpen(),
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => undefined, // what we send is a few bytes a second
      onClose: (error) =>
        this.#end(error ?? new ZooKeeperError('ConnectionLoss', `${this.server} closed the connection`)),
    });
  }

  get server(): string {
    return `${this.#options.endpoint.host}:${this.#options.endpoint.port}`;
  }

  get epoch(): number {
    return this.#protocol.epoch;
  }

  /** From where the next connection resumes. */
  get received(): bigint {
    return this.#received;
  }

  get truncated(): boolean {
    return this.#protocol.phase === 'truncated';
  }

  accept(): void {
    this.#accepted = true;
    this.#timer.cancel();
    this.#watchSilence();
    this.#transport.write(this.#protocol.accept());
  }

  destroy(): void {
    this.#ended = true;
    this.#timer.cancel();
    this.#transport.destroy();
  }

  #end(reason: Error): void {
    if (this.#ended) return;
    this.destroy();
    this.#handlers.onEnd(reason);
  }

  #onOpen(): void {
    this.#attempt(() =>
      this.#transport.write(this.#options.authentication?.start() ?? this.#protocol.hello()),
    );
  }

  #onData(chunk: Buffer): void {
    if (this.#ended) return;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    this.#attempt(() => {
      if (this.#authenticating) this.#authenticate(chunk);
      else this.#stream(Buffer.from(chunk));
    });
  }

  /** Whatever goes wrong with what this server sent ends this link and nothing else. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The leader speaks only when spoken to until it has our first packet, so no packet hides behind its last token. */
  #authenticate(chunk: Buffer): void {
    const step = this.#options.authentication?.receive(chunk);
    if (step?.answer !== undefined) this.#transport.write(step.answer);
    if (step?.done !== true) return;
    this.#authenticating = false;
    this.#transport.write(this.#protocol.hello());
  }

  #stream(bytes: Buffer): void {
    const before = this.#protocol.phase;
    this.#scanner.push(bytes);
    if (this.#accepted) this.#handlers.onBytes(bytes, this.#heardAtMs);
    this.#received = this.#protocol.received;
    if (before === 'greeting' && this.#protocol.phase === 'offered') this.#handlers.onOffer(this);
    if (this.truncated) {
      this.#end(
        new ZooKeeperError(
          'ProtocolError',
          `${this.server} does not know the transaction that we resumed from`,
        ),
      );
    }
  }

  #onConnectTimeout(): void {
    const { connectTimeoutMs } = this.#options;
    this.#end(
      new ZooKeeperError('ConnectFailed', `${this.server} made no offer within ${connectTimeoutMs} ms`),
    );
  }

  #watchSilence(): void {
    const { clock, silenceTimeoutMs } = this.#options;
    const silentMs = clock.monotonicMs() - this.#heardAtMs;
    if (silentMs >= silenceTimeoutMs) {
      this.#end(
        new ZooKeeperError(
          'ConnectionLoss',
          `${this.server} has sent nothing for ${Math.round(silentMs)} ms`,
        ),
      );
      return;
    }
    this.#timer = clock.after(silenceTimeoutMs - silentMs + 1, () => this.#watchSilence());
  }
}
