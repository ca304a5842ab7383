import { EventEmitter } from 'node:events';
import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath, parentPath } from '../protocol/path.ts';
import type { WatchListener } from '../session/watches.ts';
import { type Following, follow } from './node-follower.ts';
import { ensureDeleted, ensureNode, persevere } from './persevere.ts';

export interface PersistentNodeOptions {
  data?: Uint8Array | null;
  /** Default `ephemeral`: the node is there while this process is. */
  mode?: 'ephemeral' | 'persistent';
  /** How missing parents are created. Default `container`; take `persistent` for servers before 3.5. */
  parentMode?: 'container' | 'persistent';
}

interface PersistentNodeEvents {
  /** The node was not there and has been created. */
  created: [];
  failed: [error: unknown];
}

/** Keeps a node in place with its data, whoever deletes it and however many sessions are lost, until closed. */
export class PersistentNode extends EventEmitter<PersistentNodeEvents> implements AsyncDisposable {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #mode: 'ephemeral' | 'persistent';
  readonly #parentMode: 'container' | 'persistent';
  #data: Uint8Array | null;
  #following: Following | undefined;

  constructor(client: ZooKeeperClient, path: string, options: PersistentNodeOptions = {}) {
    super();
    checkPath(path);
    this.#client = client;
    this.#path = path;
    this.#mode = options.mode ?? 'ephemeral';
    this.#parentMode = options.parentMode ?? 'container';
    this.#data = options.data ?? null;
  }

  /** Resolves once the node is there. */
  async start(): Promise<void> {
    this.#following ??= follow(
      this.#client,
      (watch) => this.#keep(watch),
      (error) => this.emit('failed', error),
    );
    await this.#following.first;
  }

  async setData(data: Uint8Array | null): Promise<void> {
    this.#data = data;
    await persevere(this.#client, () => this.#client.setData(this.#path, data)).catch((error: unknown) => {
      // About to be created anew, with this data.
      if (!(error instanceof ZooKeeperError && error.code === 'NoNode')) throw error;
    });
  }

  /** Deletes the node. */
  async close(): Promise<void> {
    await this.#following?.stop();
    if (this.#following !== undefined && this.#client.state !== 'closed')
      await ensureDeleted(this.#client, this.#path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keep(watch: WatchListener): Promise<void> {
    for (;;) {
      const { stat } = await persevere(this.#client, () => this.#client.exists(this.#path, { watch }));
      if (stat !== null && (this.#mode === 'persistent' || stat.ephemeralOwner === this.#client.sessionId))
        return;
      // An ephemeral node of a session of ours that has not expired yet would go when that does.
      if (stat !== null) await ensureDeleted(this.#client, this.#path);
      await this.#create();
    }
  }

  async #create(): Promise<void> {
    try {
      await persevere(this.#client, () => this.#client.create(this.#path, this.#data, { mode: this.#mode }));
      this.emit('created');
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.code === 'NoNode') await ensureNode(this.#client, parentPath(this.#path), this.#parentMode);
      else if (error.code !== 'NodeExists') throw error;
    }
  }
}
