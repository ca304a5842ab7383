/** What the frameworks of a suite do together, timed. */
import type { MasterDetector, OfferValid } from '@orchestrator/mesos';
import { Agent } from 'undici';
import { percentile } from '../statistics.ts';
import { BenchFramework, isRunning, noMoreSeconds } from './framework.ts';
import { until } from './until.ts';

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function percentilesOf(samples: readonly number[]): Percentiles {
  return { p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99), maxMs: Math.max(...samples) };
}

/** Besides the stream that each framework reads. */
const connectionsForCalls = 16;
/** Offers in one DECLINE. */
const filterBatch = 10;

export class BenchFrameworks {
  readonly #frameworks: BenchFramework[];
  /** When each offer came, since the last `forgetTimes`. */
  #offeredAtMs: number[] = [];
  #onOffers: (offers: readonly OfferValid[]) => void = () => undefined;
  /** Ids of tasks. Agents say it again until they are heard. */
  readonly #running = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(count: number, detector: MasterDetector, format: 'json' | 'protobuf') {
    // On a busy machine a connection may be closed for idleness at the moment that it is used again.
    const dispatcher = new Agent({
      connections: count + connectionsForCalls,
      keepAliveTimeoutThreshold: 30_000,
    });
    this.#frameworks = Array.from({ length: count }, (_, index) => {
      return new BenchFramework({
        ...{ detector, format, dispatcher, name: `bench-${index}` },
        onOffers: (offers) => {
          const nowMs = performance.now();
          for (const _ of offers) this.#offeredAtMs.push(nowMs);
          this.#onOffers(offers);
        },
        onUpdate: (status) => {
          if (!isRunning(status)) throw new Error(`task ${status.taskId.value}: ${status.message}`);
          this.#running.add(status.taskId.value);
          this.#waiting.get(status.taskId.value)?.();
          this.#waiting.delete(status.taskId.value);
        },
      });
    });
    for (const framework of this.#frameworks) {
      framework.done.catch((error: unknown) => {
        console.error(error);
        process.exit(1);
      });
    }
  }

  get offersInHand(): number {
    return this.#frameworks.reduce((sum, { offers }) => sum + offers.size, 0);
  }

  subscribed(): Promise<void> {
    return until('all frameworks to be subscribed', () =>
      this.#frameworks.every((each) => each.isSubscribed),
    );
  }

  offered(count: number): Promise<void> {
    return until(`${count} offers`, () => this.offersInHand >= count);
  }

  /** All ACCEPTs at once; until the last task is said to run. */
  async launch(tasks: number, perAccept: number): Promise<{ elapsedMs: number }> {
    const startedMs = performance.now();
    const goal = this.#running.size + tasks;
    const pairs = this.#frameworks.flatMap((framework) =>
      [...framework.offers.values()].map((offer) => ({ framework, offer })),
    );
    const accepts = pairs.slice(0, Math.ceil(tasks / perAccept));
    if (accepts.length * perAccept < tasks) {
      throw new Error(`${pairs.length} offers are too few for ${tasks} tasks, ${perAccept} at a time`);
    }
    const calls = accepts.map(({ framework, offer }, index) => {
      const ids = framework.newTaskIds(Math.min(perAccept, tasks - index * perAccept));
      return framework.launch(offer, ids);
    });
    await Promise.all(calls);
    await until('all tasks to run', () => this.#running.size >= goal);
    return { elapsedMs: performance.now() - startedMs };
  }

  async acknowledge(): Promise<{ elapsedMs: number }> {
    const startedMs = performance.now();
    await Promise.all(this.#frameworks.map((each) => each.acknowledge()));
    return { elapsedMs: performance.now() - startedMs };
  }

  /** So many launches under way at any time, one task each; from the ACCEPT to its TASK_RUNNING. */
  async closedLoop(tasks: number, inFlight: number): Promise<Percentiles & { elapsedMs: number }> {
    const samples: number[] = [];
    const startedMs = performance.now();
    let started = 0;
    const worker = async (framework: BenchFramework): Promise<void> => {
      while (started++ < tasks) {
        await until('an offer', () => framework.offers.size > 0);
        const [offer] = framework.offers.values();
        if (offer === undefined) throw new Error('an offer was rescinded before it could be accepted');
        const [id = ''] = framework.newTaskIds(1);
        const running = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
        const sentMs = performance.now();
        await Promise.all([framework.launch(offer, [id], 0), running]);
        samples.push(performance.now() - sentMs);
      }
    };
    const workers = Array.from({ length: inFlight }, (_, index) => {
      const framework = this.#frameworks[index % this.#frameworks.length];
      return framework && worker(framework);
    });
    await Promise.all(workers);
    return { ...percentilesOf(samples), elapsedMs: performance.now() - startedMs };
  }

  /** Declines all it has, each batch for another time, and waits for the offers that come when these are over. */
  async filtersExpire(): Promise<Percentiles> {
    const dueAtMs = new Map<string, number>();
    const samples: number[] = [];
    this.#onOffers = (offers) => {
      const nowMs = performance.now();
      for (const { agentId } of offers) {
        const dueMs = dueAtMs.get(agentId.value);
        if (dueMs !== undefined) samples.push(nowMs - dueMs);
      }
    };
    for (const framework of this.#frameworks) {
      const offers = [...framework.offers.values()];
      for (let start = 0; start < offers.length; start += filterBatch) {
        const batch = offers.slice(start, start + filterBatch);
        const refuseSeconds = 1 + 2 * Math.random();
        const dueMs = performance.now() + refuseSeconds * 1000;
        for (const { agentId } of batch) dueAtMs.set(agentId.value, dueMs);
        await framework.decline(batch, refuseSeconds);
      }
    }
    await until('the filters to be over', () => samples.length >= dueAtMs.size);
    this.#onOffers = () => undefined;
    return percentilesOf(samples);
  }

  /** Everything is declined for long, then wanted again: until `count` offers are here. */
  async revive(count: number): Promise<Percentiles> {
    for (const framework of this.#frameworks) {
      await framework.decline([...framework.offers.values()], noMoreSeconds);
    }
    this.#offeredAtMs = [];
    const startedMs = performance.now();
    await Promise.all(this.#frameworks.map((each) => each.revive()));
    await this.offered(count);
    return percentilesOf(this.#offeredAtMs.map((atMs) => atMs - startedMs));
  }
}
