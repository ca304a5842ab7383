import { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '@orchestrator/runtime';
import {
  type Acl,
  type ConnectionState,
  openAcl,
  permissions,
  type WatchEvent,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import { memberPrefix } from './member.ts';

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

const retryMs = 2_000;

const everyoneReadsCreatorAll: readonly Acl[] = [
  { perms: permissions.read, scheme: 'world', id: 'anyone' },
  { perms: permissions.all, scheme: 'auth', id: '' },
];

/** A master's own member in the group, kept there for as long as the session lives, and made anew with the next one. */
export class Contender extends EventEmitter<ContenderEvents> {
  readonly #options: ContenderOptions;
  readonly #acl: readonly Acl[];
  readonly #clock: Clock;
  #name: string | undefined;
  #working: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: ContenderOptions) {
    super();
    this.#options = options;
    this.#acl = options.secured === true ? everyoneReadsCreatorAll : openAcl;
    this.#clock = options.clock ?? systemClock;
  }

  /** The name of our member; undefined while there is none. */
  get name(): string | undefined {
    return this.#name;
  }

  async start(): Promise<void> {
    this.#options.client.on('state', this.#onState);
    this.#look();
    await this.#working;
  }

  /** Leaves the group, so that another leads at once. */
  async close(): Promise<void> {
    this.#closed = true;
    const { client, path } = this.#options;
    client.off('state', this.#onState);
    await this.#working;
    if (this.#name === undefined || !client.isConnected) return;
    await client.delete(`${path}/${this.#name}`).catch((error: unknown) => {
      // The session goes with the process; then the node does too.
      if (!(error instanceof ZooKeeperError)) throw error;
    });
  }

  readonly #onState = (state: ConnectionState) => {
    if (state === 'lost') this.#gone();
    else if (state === 'connected' || state === 'reconnected') this.#look();
  };

  readonly #onWatch = (_event: WatchEvent) => this.#look();

  #gone(): void {
    if (this.#name === undefined) return;
    this.#name = undefined;
    this.emit('lost');
  }

  #look(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    const { client } = this.#options;
    while (this.#again && !this.#closed && client.isConnected) {
      this.#again = false;
      try {
        await this.#keep();
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#working = undefined;
  }

  async #keep(): Promise<void> {
    const { client, path } = this.#options;
    if (this.#name !== undefined) {
      const { stat } = await client.exists(`${path}/${this.#name}`, { watch: this.#onWatch });
      if (stat !== null && stat.ephemeralOwner === client.sessionId) return;
      this.#gone();
    }
    const name = (await this.#findOwn()) ?? (await this.#create());
    this.#name = name;
    this.emit('joined', name);
    this.#again = true; // once more, for the watch
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

  #onFailure(error: unknown): void {
    if (this.#closed) return;
    const { code } = error instanceof ZooKeeperError ? error : { code: undefined };
    if (code === 'ConnectionLoss' || code === 'SessionExpired') return; // the next connection brings us back
    if (code === undefined || code === 'NoAuth' || code === 'AuthFailed') this.emit('failed', error);
    else this.#clock.after(retryMs, () => this.#look(), { background: true });
  }
}
