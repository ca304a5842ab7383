/**
 * Messages between named nodes, delivered by a clock as a seed decides.
 *
 * Faults it models, on datagram links: delay, loss, duplication and, since each message has a delay of its own,
 * reordering. On stream links (as TCP): delay without reordering or loss; a broken connection, which loses what was
 * under way (`breakStream`). On both: partitions, in one direction or both, during which datagrams vanish and streams
 * hold back what is sent; crashed nodes, for which everything under way is lost and which get nothing until they are
 * attached again. It does not model corruption, nor limits of bandwidth.
 */
import type { Random } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { TestingError } from '../errors.ts';

export type LinkKind = 'datagram' | 'stream';

export interface SimulatedNetworkOptions {
  clock: Clock;
  random: Random;
  /** Default `datagram`. */
  kind?: LinkKind;
  /** Each delay is uniform between these, default 0 and 10. */
  smallestDelayMs?: number;
  largestDelayMs?: number;
  /** Share of datagrams that vanish, default 0. */
  lossRate?: number;
  /** Share of datagrams that arrive twice, default 0. */
  duplicateRate?: number;
}

export type Receiver<M> = (message: M, from: string) => void;

/** Every message sent ends as one of these, or is still under way or held back. */
export interface NetworkCounts {
  sent: number;
  delivered: number;
  lost: number;
  duplicated: number;
}

interface Link<M> {
  from: string;
  to: string;
  cut: boolean;
  /** Datagrams that were under way in an earlier generation do not arrive. */
  generation: number;
  /** What a stream has to hand over, in this order; a cut stops the handing over, not the travel. */
  queue: { message: M; arrived: boolean }[];
  lastDueMs: number;
}

/** More than that waiting on one link means that a simulation never heals. */
const longestQueue = 1_000_000;

export class SimulatedNetwork<M> {
  readonly counts: NetworkCounts = { sent: 0, delivered: 0, lost: 0, duplicated: 0 };
  readonly #options: Required<SimulatedNetworkOptions>;
  readonly #receivers = new Map<string, Receiver<M>>();
  readonly #links = new Map<string, Link<M>>();

  /** @throws TestingError `InvalidOption` when the delays are not in order */
  constructor(options: SimulatedNetworkOptions) {
    this.#options = {
      kind: 'datagram',
      smallestDelayMs: 0,
      largestDelayMs: Math.max(10, options.smallestDelayMs ?? 0),
      lossRate: 0,
      duplicateRate: 0,
      ...options,
    };
    const { smallestDelayMs, largestDelayMs } = this.#options;
    if (smallestDelayMs > largestDelayMs) {
      throw new TestingError('InvalidOption', `delays from ${smallestDelayMs} to ${largestDelayMs} ms`);
    }
  }

  /** Connects a node; what is sent to a name that is not attached is lost. */
  attach(name: string, receive: Receiver<M>): void {
    this.#receivers.set(name, receive);
  }

  /** Crashes a node: it gets nothing more, and what was under way to and from it is lost. */
  detach(name: string): void {
    this.#receivers.delete(name);
    for (const link of this.#links.values()) {
      if (link.from === name || link.to === name) this.#discard(link);
    }
  }

  send(from: string, to: string, message: M): void {
    const { kind, random, lossRate, duplicateRate } = this.#options;
    const link = this.#link(from, to);
    this.counts.sent++;
    if (kind === 'stream') {
      this.#enqueue(link, message);
    } else if (link.cut || random.fraction() < lossRate) {
      this.counts.lost++;
    } else {
      this.#throw(link, message);
      if (random.fraction() < duplicateRate) {
        this.counts.duplicated++;
        this.#throw(link, message);
      }
    }
  }

  cutOneWay(from: string, to: string): void {
    this.#link(from, to).cut = true;
  }

  /** Cuts both directions between each node of one group and each of the other. */
  cut(group: readonly string[], other: readonly string[]): void {
    for (const one of group) {
      for (const two of other) {
        this.cutOneWay(one, two);
        this.cutOneWay(two, one);
      }
    }
  }

  /** Undoes all cuts; streams hand over what they held back, after one more delay. */
  heal(): void {
    for (const link of this.#links.values()) {
      if (!link.cut) continue;
      link.cut = false;
      if (link.queue.length > 0) this.#options.clock.after(this.#delayMs(), () => this.#handOver(link));
    }
  }

  /** Loses what is under way or held back between two nodes, in both directions, as a reset connection does. */
  breakStream(one: string, other: string): void {
    this.#discard(this.#link(one, other));
    this.#discard(this.#link(other, one));
  }

  #link(from: string, to: string): Link<M> {
    const key = JSON.stringify([from, to]);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { from, to, cut: false, generation: 0, queue: [], lastDueMs: 0 };
      this.#links.set(key, link);
    }
    return link;
  }

  #discard(link: Link<M>): void {
    link.generation++;
    this.counts.lost += link.queue.length;
    link.queue = [];
  }

  #delayMs(): number {
    const { random, smallestDelayMs, largestDelayMs } = this.#options;
    return smallestDelayMs + random.fraction() * (largestDelayMs - smallestDelayMs);
  }

  #throw(link: Link<M>, message: M): void {
    const { generation } = link;
    this.#options.clock.after(this.#delayMs(), () => {
      if (link.cut || link.generation !== generation) this.counts.lost++;
      else this.#deliver(link, message);
    });
  }

  #enqueue(link: Link<M>, message: M): void {
    const { clock } = this.#options;
    const entry = { message, arrived: false };
    link.queue.push(entry);
    if (link.queue.length > longestQueue) {
      throw new TestingError('Timeout', `${longestQueue} messages wait from ${link.from} to ${link.to}`);
    }
    link.lastDueMs = Math.max(clock.monotonicMs() + this.#delayMs(), link.lastDueMs);
    clock.after(link.lastDueMs - clock.monotonicMs(), () => {
      entry.arrived = true;
      this.#handOver(link);
    });
  }

  #handOver(link: Link<M>): void {
    while (!link.cut && link.queue[0]?.arrived === true) {
      const entry = link.queue.shift();
      if (entry !== undefined) this.#deliver(link, entry.message);
    }
  }

  #deliver(link: Link<M>, message: M): void {
    const receive = this.#receivers.get(link.to);
    if (receive === undefined) {
      this.counts.lost++;
    } else {
      this.counts.delivered++;
      receive(message, link.from);
    }
  }
}
