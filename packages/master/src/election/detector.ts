import { EventEmitter, once } from 'node:events';
import {
  type MasterDetector as ClientDetector,
  equalLeaders,
  type Leader,
  type MasterInfoValid,
} from '@orchestrator/mesos';
import { type Clock, systemClock } from '@orchestrator/runtime';
import {
  type ConnectionState,
  type WatchEvent,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import { decodeMember, leadingMember } from './member.ts';

interface DetectorEvents {
  /** Somebody else leads, or nobody. */
  leader: [leader: MasterInfoValid | undefined];
  /** What leads cannot be understood: going on would be a guess. */
  failed: [error: unknown];
}

/** Says who leads. */
export interface MasterDetector extends EventEmitter<DetectorEvents> {
  /** As last seen; undefined while nobody leads or nothing is known. */
  readonly leader: MasterInfoValid | undefined;
  start(): Promise<void>;
  close(): Promise<void>;
}

function leaderOf(info: MasterInfoValid | undefined): Leader | undefined {
  if (info === undefined) return undefined;
  return { host: info.address?.hostname || info.hostname, port: info.address?.port ?? info.port, info };
}

/** How long to wait after a reading that failed without the connection being at fault. */
const retryMs = 2_000;

/**
 * Follows the group of masters in ZooKeeper. Without a connection for the length of the session it says that nobody
 * leads: the session is over for the servers too by then, and a leader may have been elected that we cannot see.
 */
export class ZooKeeperDetector
  extends EventEmitter<DetectorEvents>
  implements MasterDetector, ClientDetector
{
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #clock: Clock;
  #leader: MasterInfoValid | undefined;
  #memberName: string | undefined;
  #closed = false;
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(client: ZooKeeperClient, path: string, options: { clock?: Clock } = {}) {
    super();
    this.#client = client;
    this.#path = path;
    this.#clock = options.clock ?? systemClock;
  }

  get leader(): MasterInfoValid | undefined {
    return this.#leader;
  }

  /** For clients of the APIs: resolves when somebody else than `previous` leads, or nobody. */
  async detect(previous: Leader | undefined, signal?: AbortSignal): Promise<Leader | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const leader = leaderOf(this.#leader);
      if (!equalLeaders(leader, previous)) return leader;
      await once(this, 'leader', signal === undefined ? {} : { signal });
    }
  }

  async start(): Promise<void> {
    this.#client.on('state', this.#onState);
    this.#look();
    await this.#reading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#client.off('state', this.#onState);
    await this.#reading;
  }

  readonly #onState = (state: ConnectionState) => {
    if (state === 'lost') this.#say(undefined, undefined);
    else if (state === 'connected' || state === 'reconnected') this.#look();
  };

  readonly #onWatch = (_event: WatchEvent) => this.#look();

  #look(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#reading ??= this.#read();
  }

  async #read(): Promise<void> {
    while (this.#again && !this.#closed && this.#client.isConnected) {
      this.#again = false;
      try {
        await this.#readOnce();
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#reading = undefined;
  }

  async #readOnce(): Promise<void> {
    const { stat } = await this.#client.exists(this.#path, { watch: this.#onWatch });
    if (stat === null) return this.#say(undefined, undefined);
    const { children } = await this.#client.getChildren(this.#path, { watch: this.#onWatch });
    const member = leadingMember(children);
    if (member === undefined) return this.#say(undefined, undefined);
    if (member.name === this.#memberName) return;
    const { data } = await this.#client.getData(`${this.#path}/${member.name}`);
    this.#say(member.name, decodeMember(member.label, data ?? Buffer.alloc(0)));
  }

  #onFailure(error: unknown): void {
    if (this.#closed) return;
    const { code } = error instanceof ZooKeeperError ? error : { code: undefined };
    // The member went between the two readings, or the connection did: a watch or the next state brings us back.
    if (code === 'NoNode') this.#again = true;
    else if (code === 'ConnectionLoss' || code === 'SessionExpired') return;
    else if (code === undefined) this.emit('failed', error);
    else this.#clock.after(retryMs, () => this.#look(), { background: true });
  }

  #say(memberName: string | undefined, leader: MasterInfoValid | undefined): void {
    if (memberName === this.#memberName) return;
    this.#memberName = memberName;
    this.#leader = leader;
    this.emit('leader', leader);
  }
}

/** One master and no ZooKeeper: it leads. */
export class StandaloneDetector extends EventEmitter<DetectorEvents> implements MasterDetector {
  readonly leader: MasterInfoValid;

  constructor(leader: MasterInfoValid) {
    super();
    this.leader = leader;
  }

  async start(): Promise<void> {
    this.emit('leader', this.leader);
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
