/** One direction of one connection through the proxy. */
import type { Socket } from 'node:net';

export interface LaneConditions {
  delayMs: number;
  /** Undefined: as fast as it goes. */
  bytesPerS: number | undefined;
  /** Reads nothing and hands nothing over; the sender sees its window close. */
  stalled: boolean;
}

/** Read and not yet handed over; above it the lane stops reading, as a router with a full buffer drops. */
const fullBytes = 1024 * 1024;
/** With a limit of speed, bytes go in pieces of this, so that they trickle. */
const pieceBytes = 1024;

interface Piece {
  dueMs: number;
  bytes: Buffer;
}

export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #conditions: LaneConditions;
  readonly #count: (bytes: number) => void;
  #queue: Piece[] = [];
  #queuedBytes = 0;
  #lastDueMs = 0;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  /** `conditions` are read anew for every piece; call `refresh` after a change. */
  constructor(from: Socket, to: Socket, conditions: LaneConditions, count: (bytes: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#conditions = conditions;
    this.#count = count;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => {
      this.#ended = true;
      this.refresh();
    });
    to.on('drain', () => this.refresh());
    to.on('close', () => clearTimeout(this.#timer));
    this.refresh();
  }

  refresh(): void {
    clearTimeout(this.#timer);
    const { stalled } = this.#conditions;
    if (!stalled) this.#handOver();
    if (stalled || this.#queuedBytes > fullBytes) this.#from.pause();
    else this.#from.resume();
  }

  #take(chunk: Buffer): void {
    const { delayMs, bytesPerS } = this.#conditions;
    const step = bytesPerS === undefined ? chunk.length : pieceBytes;
    for (let start = 0; start < chunk.length; start += step) {
      const bytes = chunk.subarray(start, start + step);
      const travelMs = bytesPerS === undefined ? 0 : (bytes.length / bytesPerS) * 1000;
      this.#lastDueMs = Math.max(performance.now() + delayMs, this.#lastDueMs) + travelMs;
      this.#queue.push({ dueMs: this.#lastDueMs, bytes });
    }
    this.#queuedBytes += chunk.length;
    this.refresh();
  }

  #handOver(): void {
    const nowMs = performance.now();
    let given = 0;
    for (const { dueMs, bytes } of this.#queue) {
      if (dueMs > nowMs || this.#to.writableNeedDrain || this.#to.destroyed) break;
      this.#to.write(bytes);
      this.#queuedBytes -= bytes.length;
      this.#count(bytes.length);
      given++;
    }
    this.#queue.splice(0, given);
    const next = this.#queue[0];
    if (next === undefined) {
      if (this.#ended) this.#to.end();
    } else if (next.dueMs > nowMs) {
      this.#timer = setTimeout(() => this.refresh(), next.dueMs - nowMs);
    }
  }
}
