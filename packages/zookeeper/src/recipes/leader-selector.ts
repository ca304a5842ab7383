import type { ZooKeeperClient } from '../client.ts';
import { type ConnectionState, isConnected } from '../session/state.ts';
import { InterProcessMutex, type Lease, type MutexOptions } from './inter-process-mutex.ts';

/** Leads until it returns. The signal aborts when leadership is in doubt; it must come to an end then. */
export type TakeLeadership = (signal: AbortSignal, fencingToken: bigint) => Promise<void>;

export interface LeaderSelectorOptions {
  /** Data of this participant's node. */
  id?: string;
  /** Takes part again after having led. Default true; false ends the selector after one turn. */
  autoRequeue?: boolean;
  /** How missing parents are created. Default `container`; take `persistent` for servers before 3.5. */
  parentMode?: 'container' | 'persistent';
}

/**
 * Calls `takeLeadership` whenever it is this participant's turn; leadership ends when that returns. What it throws ends
 * the selector and is what {@link start} rejects with, unless its leadership had been interrupted.
 */
export class LeaderSelector implements AsyncDisposable {
  readonly #client: ZooKeeperClient;
  readonly #mutex: InterProcessMutex;
  readonly #takeLeadership: TakeLeadership;
  readonly #autoRequeue: boolean;
  readonly #stop = new AbortController();
  #interrupt: AbortController | undefined;
  #done: Promise<void> | undefined;

  constructor(
    client: ZooKeeperClient,
    path: string,
    takeLeadership: TakeLeadership,
    options: LeaderSelectorOptions = {},
  ) {
    const mutex: MutexOptions = {};
    if (options.id !== undefined) mutex.data = Buffer.from(options.id);
    if (options.parentMode !== undefined) mutex.parentMode = options.parentMode;
    this.#client = client;
    this.#mutex = new InterProcessMutex(client, path, mutex);
    this.#takeLeadership = takeLeadership;
    this.#autoRequeue = options.autoRequeue ?? true;
  }

  get hasLeadership(): boolean {
    return this.#interrupt !== undefined && !this.#interrupt.signal.aborted;
  }

  /** Takes part from now on. Resolves when the selector has ended. */
  start(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  /** Makes the present `takeLeadership`, if it is our turn, come to an end. */
  interruptLeadership(): void {
    this.#interrupt?.abort(new Error('leadership was interrupted'));
  }

  /** Leaves the election; resolves once `takeLeadership` has returned. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.interruptLeadership();
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    do {
      const lease = await this.#mutex.acquire({ signal }).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      if (lease !== undefined) await this.#lead(lease);
    } while (this.#autoRequeue && !signal.aborted);
  }

  async #lead(lease: Lease): Promise<void> {
    const interrupt = new AbortController();
    this.#interrupt = interrupt;
    const onState = (state: ConnectionState) => {
      if (!isConnected(state)) interrupt.abort(new Error(`the connection is ${state}`));
    };
    this.#client.on('state', onState);
    try {
      await this.#takeLeadership(interrupt.signal, lease.fencingToken);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
    } finally {
      this.#client.off('state', onState);
      this.#interrupt = undefined;
      await lease.release();
    }
  }
}
