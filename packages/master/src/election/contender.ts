import { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '@orchestrator/runtime';
import {
  type Acl,
  openAcl,
  permissions,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import { memberPrefix } from './member.ts';
import { Upkeep } from './upkeep.ts';

interface ContenderEvents {
  /** Our member is there; it may lead from now on. */
  joined: [name: string];
  /** It is not there any more: the session is over, or somebody deleted it. A master that led must stop. */
  lost: [];
  failed: [error: unknown];
}

export interface ContenderOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** The JSON of our MasterInfo. */
  readonly data: Buffer;
  /** With credentials on the connection: everyone reads, only the creator changes. Default false. */
  readonly secured?: boolean;
  readonly clock?: Clock;
}

const everyoneReadsCreatorAll: readonly Acl[] = [
  { perms: permissions.read, scheme: 'world', id: 'anyone' },
  { perms: permissions.all, scheme: 'auth', id: '' },
];

/** A master's own member in the group, kept there for as long as the session lives, and made anew with the next one. */
export class Contender extends EventEmitter<ContenderEvents> {
  readonly #options: ContenderOptions;
  readonly #acl: readonly Acl[];
  readonly #upkeep: Upkeep;
  #name: string | undefined;

  constructor(options: ContenderOptions) {
    super();
    this.#options = options;
    this.#acl = options.secured === true ? everyoneReadsCreatorAll : openAcl;
    this.#upkeep = new Upkeep({
      client: options.client,
      clock: options.clock ?? systemClock,
      work: () => this.#keep(),
      onLost: () => this.#gone(),
      onFailed: (error) => this.emit('failed', error),
    });
  }

  /** The name of our member; undefined while there is none. */
  get name(): string | undefined {
    return this.#name;
  }

  start(): Promise<void> {
    return this.#upkeep.start();
  }

  /** Leaves the group, so that another leads at once. */
  async close(): Promise<void> {
    await this.#upkeep.close();
    const { client, path } = this.#options;
    if (this.#name === undefined || !client.isConnected) return;
    await client.delete(`${path}/${this.#name}`).catch((error: unknown) => {
      // The session goes with the process; then the node does too.
      if (!(error instanceof ZooKeeperError)) throw error;
    });
  }

  #gone(): void {
    if (this.#name === undefined) return;
    this.#name = undefined;
    this.emit('lost');
  }

  async #keep(): Promise<void> {
    const { client, path } = this.#options;
    if (this.#name !== undefined) {
      const { stat } = await client.exists(`${path}/${this.#name}`, { watch: this.#upkeep.look });
      if (stat !== null && stat.ephemeralOwner === client.sessionId) return;
      this.#gone();
    }
    const name = (await this.#findOwn()) ?? (await this.#create());
    this.#name = name;
    this.emit('joined', name);
    this.#upkeep.look(); // once more, for the watch
  }

  /** A create whose answer was lost may have worked. */
  async #findOwn(): Promise<string | undefined> {
    const { client, path } = this.#options;
    if ((await client.exists(path)).stat === null) {
      await this.#createGroup();
      return undefined;
    }
    const { children } = await client.getChildren(path);
    for (const name of children) {
      if (!name.startsWith(memberPrefix)) continue;
      const { stat } = await client.exists(`${path}/${name}`);
      if (stat?.ephemeralOwner === client.sessionId) return name;
    }
    return undefined;
  }

  async #create(): Promise<string> {
    const { client, path, data } = this.#options;
    const created = await client.create(`${path}/${memberPrefix}`, data, {
      mode: 'ephemeralSequential',
      acl: this.#acl,
    });
    return created.path.slice(created.path.lastIndexOf('/') + 1);
  }

  /** The group's node and those above it, persistent as Mesos makes them. */
  async #createGroup(): Promise<void> {
    const { client, path } = this.#options;
    const parts = path.split('/').slice(1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const node = `/${parts.slice(0, depth).join('/')}`;
      await client.create(node, Buffer.alloc(0), { acl: this.#acl }).catch((error: unknown) => {
        if (!(error instanceof ZooKeeperError && error.code === 'NodeExists')) throw error;
      });
    }
  }
}
