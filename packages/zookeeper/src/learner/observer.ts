import { setImmediate } from 'node:timers/promises';
import { sleep } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { ZooKeeperError } from '../errors.ts';
import { epochOf } from '../protocol/zxid.ts';
import { StreamDecoder } from './decoder.ts';
import type { ObserverEvent } from './events.ts';
import { findLeader, type LeaderSearch } from './find-leader.ts';
import type { LeaderLink } from './link.ts';
import { type ObserverOptions, searchOf } from './observer-options.ts';
import { nothingHeld } from './protocol.ts';
import { Spool } from './spool.ts';

/** A consumer that never waits would keep the event loop to itself; after so many bytes others get a turn. */
const bytesPerTurn = 256 * 1024;
/** A connection that held so long has not failed by its own doing. */
const steadyAfterMs = 5_000;

/**
 * Follows an ensemble as an observer that its configuration does not list. Iterate over it once; leaving the loop closes it.
 *
 * It never gives up: a lost leader is searched for again, and the stream goes on where it ended. What it reads it takes off
 * the wire at once; see {@link SpoolOptions} for where that waits. The loop throws only when the stream cannot be understood.
 */
export class Observer implements AsyncIterable<ObserverEvent> {
  readonly #search: Omit<LeaderSearch, 'resumeFrom' | 'lowestEpoch'>;
  readonly #maxRetryDelayMs: number;
  readonly #random: Random;
  readonly #spool: Spool<ObserverEvent>;
  readonly #closing = new AbortController();
  #received: bigint;
  #delivered: bigint;
  #lowestEpoch: number;
  #link: LeaderLink | undefined;
  #wake: (() => void) | undefined;
  #drained: (() => void) | undefined;
  #iterated = false;

  constructor(options: ObserverOptions) {
    this.#random = options.random ?? systemRandom;
    this.#search = searchOf(options);
    this.#maxRetryDelayMs = options.maxRetryDelayMs ?? 500;
    this.#spool = new Spool(options.spool);
    this.#received = options.resumeFrom ?? nothingHeld;
    this.#delivered = this.#received;
    this.#lowestEpoch = options.lowestEpoch ?? (this.#received > 0n ? epochOf(this.#received) : 0);
  }

  /** Bytes that wait for the consumer. */
  get waiting(): { readonly memory: number; readonly disk: number } {
    return this.#spool.bytes;
  }

  /** The last transaction that arrived. What lies between it and `delivered` waits for the consumer. */
  get received(): bigint {
    return this.#link?.received ?? this.#received;
  }

  /** The last transaction handed out; from here another observer can resume. -1n while a first snapshot is incomplete. */
  get delivered(): bigint {
    return this.#delivered;
  }

  close(): void {
    this.#closing.abort(new ZooKeeperError('ClientClosed', 'the observer was closed'));
    this.#link?.destroy();
    this.#link = undefined;
    this.#spool.close();
    this.#wake?.();
    this.#drained?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ObserverEvent, void> {
    if (this.#iterated) throw new ZooKeeperError('InvalidOption', 'an observer can be iterated over once');
    this.#iterated = true;
    const running = this.#run();
    try {
      yield* this.#events();
    } finally {
      this.close();
      await running;
    }
  }

  async *#events(): AsyncGenerator<ObserverEvent, void> {
    let decoder = new StreamDecoder(this.#delivered);
    let bytesInTurn = 0;
    while (!this.#closing.signal.aborted) {
      const entry = this.#spool.shift();
      if (entry === undefined) {
        this.#drained?.();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        bytesInTurn = 0;
      } else if (entry.kind === 'mark') {
        if (entry.mark.type === 'connected') decoder = new StreamDecoder(this.#delivered);
        yield entry.mark;
      } else {
        for (const event of decoder.decode(entry.bytes, entry.arrivedAtMs)) yield event;
        this.#delivered = decoder.delivered;
        bytesInTurn += entry.bytes.length;
        if (bytesInTurn < bytesPerTurn) continue;
        bytesInTurn = 0;
        await setImmediate();
      }
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#search;
    const { signal } = this.#closing;
    let delayMs = 0;
    while (!signal.aborted) {
      try {
        if (delayMs > 0) await sleep(clock, delayMs * (0.5 + this.#random.fraction() / 2), signal);
        const startedMs = clock.monotonicMs();
        await this.#follow();
        // A leader that takes us and drops us at once is not asked again at once: each time may cost it a snapshot.
        const lastedMs = clock.monotonicMs() - startedMs;
        delayMs = lastedMs >= steadyAfterMs ? 0 : this.#nextDelayMs(delayMs);
      } catch (error) {
        if (signal.aborted) return;
        delayMs = this.#nextDelayMs(delayMs);
        this.#report({ type: 'unreachable', reason: asError(error), retryInMs: delayMs });
      }
    }
  }

  #nextDelayMs(delayMs: number): number {
    return Math.min(this.#maxRetryDelayMs, Math.max(delayMs * 2, this.#maxRetryDelayMs / 10));
  }

  /** From one leader found to that leader lost. Rejects when none is found. */
  async #follow(): Promise<void> {
    let ended: (reason: Error) => void = () => undefined;
    const end = new Promise<Error>((resolve) => {
      ended = resolve;
    });
    const link = await findLeader(
      { ...this.#search, resumeFrom: this.#received, lowestEpoch: this.#lowestEpoch },
      { onBytes: (bytes, arrivedAtMs) => this.#take(bytes, arrivedAtMs), onEnd: (reason) => ended(reason) },
      this.#closing.signal,
    );
    this.#link = link;
    this.#lowestEpoch = link.epoch;
    this.#mark({ type: 'connected', server: link.server, epoch: link.epoch });
    const closed = () => ended(this.#closing.signal.reason);
    this.#closing.signal.addEventListener('abort', closed, { once: true });
    link.accept();
    const reason = await end;
    this.#closing.signal.removeEventListener('abort', closed);
    this.#link = undefined;
    this.#received = link.truncated ? nothingHeld : link.received;
    this.#mark({ type: 'disconnected', reason });
    if (reason instanceof ZooKeeperError && reason.code === 'SpoolFull') await this.#untilDrained();
  }

  #take(bytes: Buffer, arrivedAtMs: number): void {
    this.#spool.pushBytes(bytes, arrivedAtMs);
    this.#wake?.();
  }

  #mark(event: ObserverEvent): void {
    if (this.#closing.signal.aborted) return;
    this.#spool.pushMark(event);
    this.#wake?.();
  }

  /** Failed searches repeat; a consumer that is behind need not hear of each. */
  #report(event: ObserverEvent): void {
    if (this.#spool.isEmpty) this.#mark(event);
  }

  /** We left because the consumer is behind: to come back before it has caught up would end the same way. */
  async #untilDrained(): Promise<void> {
    if (this.#spool.isEmpty || this.#closing.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#drained = undefined;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Joins the ensemble as soon as the result is iterated over. */
export function observe(options: ObserverOptions): Observer {
  return new Observer(options);
}
