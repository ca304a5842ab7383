import { EventEmitter } from 'node:events';
import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath, childPath } from '../protocol/path.ts';
import type { WatchListener } from '../session/watches.ts';
import { type Following, follow } from './node-follower.ts';
import { ensureNode, persevere } from './persevere.ts';
import { PersistentNode } from './persistent-node.ts';

export interface GroupMemberOptions {
  /** What the others see of this member. Default empty. */
  data?: Uint8Array;
  /** How missing parents are created. Default `container`; take `persistent` for servers before 3.5. */
  parentMode?: 'container' | 'persistent';
}

interface GroupMemberEvents {
  change: [members: ReadonlyMap<string, Buffer>];
  failed: [error: unknown];
}

/** Membership of a group: a node of one's own below the group's, and sight of all the others. */
export class GroupMember extends EventEmitter<GroupMemberEvents> implements AsyncDisposable {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #parentMode: 'container' | 'persistent';
  readonly #own: PersistentNode;
  #members: ReadonlyMap<string, Buffer> = new Map();
  #following: Following | undefined;

  /** `id` is this member's name in the group, as a node can be called. */
  constructor(client: ZooKeeperClient, path: string, id: string, options: GroupMemberOptions = {}) {
    super();
    const ownPath = childPath(path, id);
    checkPath(ownPath);
    this.#client = client;
    this.#path = path;
    this.#parentMode = options.parentMode ?? 'container';
    this.#own = new PersistentNode(client, ownPath, {
      data: options.data ?? Buffer.alloc(0),
      parentMode: this.#parentMode,
    });
    this.#own.on('failed', (error) => this.emit('failed', error));
  }

  /** Ids and data of all members as last seen, this one among them. */
  get members(): ReadonlyMap<string, Buffer> {
    return this.#members;
  }

  /** Joins the group. */
  async start(): Promise<void> {
    await ensureNode(this.#client, this.#path, this.#parentMode);
    await this.#own.start();
    this.#following ??= follow(
      this.#client,
      (watch) => this.#look(watch),
      (error) => this.emit('failed', error),
    );
    await this.#following.first;
  }

  setData(data: Uint8Array): Promise<void> {
    return this.#own.setData(data);
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    await this.#following?.stop();
    await this.#own.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #look(watch: WatchListener): Promise<void> {
    const { children } = await persevere(this.#client, () => this.#client.getChildren(this.#path, { watch }));
    const found = await Promise.all(children.map((id) => this.#member(id, watch)));
    const members = new Map(
      found.filter((entry) => entry !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    if (isSame(members, this.#members)) return;
    this.#members = members;
    this.emit('change', members);
  }

  async #member(id: string, watch: WatchListener): Promise<[string, Buffer] | undefined> {
    try {
      const path = childPath(this.#path, id);
      const { data } = await persevere(this.#client, () => this.#client.getData(path, { watch }));
      return [id, data ?? Buffer.alloc(0)];
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === 'NoNode') return undefined;
      throw error;
    }
  }
}

function isSame(a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean {
  return a.size === b.size && [...a].every(([id, data]) => b.get(id)?.equals(data));
}
