import { EventEmitter } from 'node:events';
import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath } from '../protocol/path.ts';
import { type ConnectionState, isConnected } from '../session/state.ts';
import { type Contender, contenders, join, leave, predecessorGone, standing } from './contender.ts';
import { persevere } from './persevere.ts';

export interface LeaderLatchOptions {
  /** Tells participants apart; the data of this one's node. Default empty. */
  id?: string;
  /** How missing parents are created. Default `container`; take `persistent` for servers before 3.5. */
  parentMode?: 'container' | 'persistent';
}

interface LeaderLatchEvents {
  leader: [];
  notLeader: [];
  /** The latch cannot go on; it has left the election. */
  failed: [error: unknown];
}

export interface Participant {
  readonly id: string;
  readonly path: string;
}

const prefix = 'latch-';

/**
 * Takes part in an election for as long as it is open. Leadership is given up as soon as the connection is `suspended`, and
 * comes back with the connection if the session has survived.
 *
 * @fires leader, notLeader - at each change of {@link hasLeadership}
 */
export class LeaderLatch extends EventEmitter<LeaderLatchEvents> implements AsyncDisposable {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #id: string;
  readonly #parentMode: 'container' | 'persistent' | undefined;
  readonly #stop = new AbortController();
  #contender: Contender | undefined;
  #isLeader = false;
  #running: Promise<void> | undefined;

  constructor(client: ZooKeeperClient, path: string, options: LeaderLatchOptions = {}) {
    super();
    checkPath(path);
    this.#client = client;
    this.#path = path;
    this.#id = options.id ?? '';
    this.#parentMode = options.parentMode;
  }

  get id(): string {
    return this.#id;
  }

  get hasLeadership(): boolean {
    return this.#isLeader;
  }

  /** Joins the election. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#client.on('state', this.#onState);
    this.#running = this.#run();
  }

  /** Leaves the election, giving up leadership first. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#client.off('state', this.#onState);
    this.#setLeader(false);
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when this participant leads. Rejects with the signal's reason. */
  waitForLeadership(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isLeader) return resolve();
      if (signal?.aborted) return reject(signal.reason);
      const settle = () => {
        this.off('leader', settle);
        signal?.removeEventListener('abort', settle);
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      this.on('leader', settle);
      signal?.addEventListener('abort', settle);
    });
  }

  /** Everybody in the election, the leader first. */
  async participants(): Promise<Participant[]> {
    const paths = await contenders(this.#client, this.#path, prefix);
    const found = await Promise.all(paths.map((path) => this.#participant(path)));
    return found.filter((participant) => participant !== undefined);
  }

  /** Who leads according to the servers; `undefined` while nobody does. */
  async leader(): Promise<Participant | undefined> {
    return (await this.participants())[0];
  }

  async #participant(path: string): Promise<Participant | undefined> {
    try {
      const { data } = await persevere(this.#client, () => this.#client.getData(path));
      return { id: data?.toString() ?? '', path };
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === 'NoNode') return undefined;
      throw error;
    }
  }

  readonly #onState = (state: ConnectionState) => {
    if (!isConnected(state) || state === 'readOnly') this.#setLeader(false);
  };

  #setLeader(leads: boolean): void {
    if (this.#isLeader === leads) return;
    this.#isLeader = leads;
    this.emit(leads ? 'leader' : 'notLeader');
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) await this.#step(signal);
    } catch (error) {
      this.#setLeader(false);
      if (!signal.aborted) this.emit('failed', error);
    } finally {
      this.#client.off('state', this.#onState);
      if (this.#contender !== undefined && this.#client.state !== 'closed') {
        await leave(this.#client, this.#contender);
      }
    }
  }

  /** Looks where we stand, then waits for a reason to look again. */
  async #step(signal: AbortSignal): Promise<void> {
    const data = Buffer.from(this.#id);
    this.#contender ??= await join(this.#client, this.#path, { prefix, data, parentMode: this.#parentMode });
    const { rank, predecessor } = await standing(this.#client, this.#path, prefix, this.#contender);
    if (rank === undefined) {
      this.#contender = undefined;
      this.#setLeader(false);
      return;
    }
    if (rank === 0 && this.#client.isConnected && !signal.aborted) this.#setLeader(true);
    // The leader waits for its own node to go, which somebody may delete to depose it.
    await predecessorGone(this.#client, predecessor ?? this.#contender.path, signal);
  }
}
