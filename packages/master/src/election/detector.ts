import { EventEmitter, once } from 'node:events';
import {
  type MasterDetector as ClientDetector,
  equalLeaders,
  type Leader,
  type MasterInfoValid,
} from '@orchestrator/mesos';
import { type Clock, systemClock } from '@orchestrator/runtime';
import type { ZooKeeperClient } from '@orchestrator/zookeeper';
import { decodeMember, leadingMember, parseMember } from './member.ts';
import { Upkeep } from './upkeep.ts';

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
  readonly #upkeep: Upkeep;
  #leader: MasterInfoValid | undefined;
  #memberName: string | undefined;

  constructor(client: ZooKeeperClient, path: string, options: { clock?: Clock } = {}) {
    super();
    this.#client = client;
    this.#path = path;
    this.#upkeep = new Upkeep({
      client,
      clock: options.clock ?? systemClock,
      work: () => this.#read(),
      onLost: () => this.#say(undefined, undefined),
      onFailed: (error) => this.emit('failed', error),
    });
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

  /**
   * All masters that stand for election, the one that leads first; without those that cannot be understood.
   *
   * @throws ZooKeeperError also while the path is not there
   */
  async candidates(): Promise<Leader[]> {
    const { children } = await this.#client.getChildren(this.#path);
    const members = children.map(parseMember).filter((member) => member !== undefined);
    members.sort((a, b) => a.sequence - b.sequence);
    const candidates = members.map(async ({ name, label }) => {
      try {
        const { data } = await this.#client.getData(`${this.#path}/${name}`);
        return leaderOf(decodeMember(label, data ?? Buffer.alloc(0)));
      } catch {
        return undefined; // gone meanwhile, or of a kind that we do not know
      }
    });
    return (await Promise.all(candidates)).filter((candidate) => candidate !== undefined);
  }

  start(): Promise<void> {
    return this.#upkeep.start();
  }

  close(): Promise<void> {
    return this.#upkeep.close();
  }

  async #read(): Promise<void> {
    const watch = this.#upkeep.look;
    const { stat } = await this.#client.exists(this.#path, { watch });
    if (stat === null) return this.#say(undefined, undefined);
    const { children } = await this.#client.getChildren(this.#path, { watch });
    const member = leadingMember(children);
    if (member === undefined) return this.#say(undefined, undefined);
    if (member.name === this.#memberName) return;
    const { data } = await this.#client.getData(`${this.#path}/${member.name}`);
    this.#say(member.name, decodeMember(member.label, data ?? Buffer.alloc(0)));
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
