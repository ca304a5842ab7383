import { ZooKeeperError } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { PendingRequest } from './request.ts';
import { RequestQueue } from './request-queue.ts';

const largestCxid = 0x7fff_ffff;

export interface IntakeLimits {
  readonly maxInFlight: number;
  readonly maxQueued: number;
}

/**
 * Where requests come in: they go out at once while the window of unanswered ones has room, and wait in order otherwise,
 * or while there is no connection.
 */
export class Intake {
  readonly #limits: IntakeLimits;
  readonly #waiting = new RequestQueue<PendingRequest>();
  readonly #capacityWaiters = new RequestQueue<() => void>();
  #connection: Connection | undefined;
  #lastCxid = 0;
  #refusal: ZooKeeperError | undefined;

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
  }

  /** Whether a request handed in now would be sent at once, or is within the window to be sent after a reconnect. */
  get hasCapacity(): boolean {
    return this.#freeSlots() > 0;
  }

  /** Resolves when {@link hasCapacity}; callers are let in one per free slot, in order. */
  capacity(): Promise<void> {
    if (this.hasCapacity || this.#refusal !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#capacityWaiters.push(resolve));
  }

  submit(request: PendingRequest): void {
    if (this.#refusal !== undefined) {
      request.fail(this.#refusal.code, this.#refusal.cause ?? this.#refusal);
    } else if (this.#waiting.length === 0 && this.#connection?.hasRoom === true) {
      this.#send(this.#connection, request);
    } else if (this.#waiting.length < this.#limits.maxQueued) {
      this.#waiting.push(request);
    } else {
      const { name: op, path } = request;
      const message = `${op} ${path ?? ''}: ${this.#limits.maxQueued} requests wait already; await capacity() before each, or raise maxQueued`;
      request.failWith(new ZooKeeperError('QueueFull', message, { op, path }));
    }
  }

  /** Sends what waits over `connection` from now on. */
  open(connection: Connection): void {
    this.#connection = connection;
    this.pump();
  }

  /** Keeps requests back until the next {@link open}. */
  suspend(): void {
    this.#connection = undefined;
  }

  /** Uses the room there is: for what waits, then for those who wait to hand something in. */
  pump(): void {
    const connection = this.#connection;
    if (connection !== undefined) {
      while (this.#waiting.length > 0 && connection.hasRoom) {
        const request = this.#waiting.shift();
        if (request !== undefined) this.#send(connection, request);
      }
    }
    for (let free = this.#freeSlots(); free > 0 && this.#capacityWaiters.length > 0; free--) {
      this.#capacityWaiters.shift()?.();
    }
  }

  /** Fails everything that waits. */
  failWaiting(error: ZooKeeperError): void {
    for (const request of this.#waiting.drain()) request.fail(error.code, error);
    this.pump();
  }

  /** Fails every request to come; what waits is still sent. */
  refuse(error: ZooKeeperError): void {
    this.#refusal = error;
    for (const admit of this.#capacityWaiters.drain()) admit();
  }

  #freeSlots(): number {
    return this.#limits.maxInFlight - this.#waiting.length - (this.#connection?.inFlight ?? 0);
  }

  #send(connection: Connection, request: PendingRequest): void {
    this.#lastCxid = this.#lastCxid === largestCxid ? 1 : this.#lastCxid + 1;
    request.cxid = this.#lastCxid;
    connection.send(request);
  }
}
