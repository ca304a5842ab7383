import { EventEmitter } from 'node:events';
import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath, parentPath } from '../protocol/path.ts';
import { type Following, follow } from './node-follower.ts';
import { ensureNode, persevere } from './persevere.ts';

interface SharedCountEvents {
  /** Another value than before was read. Values that follow fast on each other may be skipped. */
  change: [count: number];
  failed: [error: unknown];
}

const valueBytes = 4;

/** A 32-bit number that every process sees and that is followed as it changes, in Curator's layout (4 bytes, big-endian). */
export class SharedCount extends EventEmitter<SharedCountEvents> implements AsyncDisposable {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #seed: number;
  #count: number;
  #version = -1;
  #following: Following | undefined;

  /** `seed` is what the count begins with where there is no node yet. */
  constructor(client: ZooKeeperClient, path: string, seed: number) {
    super();
    checkPath(path);
    this.#client = client;
    this.#path = path;
    this.#seed = seed;
    this.#count = seed;
  }

  /** The latest value read. */
  get count(): number {
    return this.#count;
  }

  /** The node's version at that value. */
  get version(): number {
    return this.#version;
  }

  /** Creates the node if need be and follows it from now on. */
  async start(): Promise<void> {
    if (this.#following !== undefined) return this.#following.first;
    await ensureNode(this.#client, parentPath(this.#path), 'persistent');
    try {
      await persevere(this.#client, () => this.#client.create(this.#path, encode(this.#seed)));
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === 'NodeExists')) throw error;
    }
    this.#following = follow(
      this.#client,
      async (watch) => {
        const { data, stat } = await persevere(this.#client, () =>
          this.#client.getData(this.#path, { watch }),
        );
        this.#take(data, stat.version);
      },
      (error) => this.emit('failed', error),
    );
    await this.#following.first;
  }

  async close(): Promise<void> {
    await this.#following?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Sets the count whatever it is. */
  async setCount(count: number): Promise<void> {
    const data = encode(count);
    const { stat } = await persevere(this.#client, () => this.#client.setData(this.#path, data));
    this.#take(data, stat.version);
  }

  /** Sets the count if nobody has changed it since {@link count} was read; false when somebody has. */
  async trySetCount(count: number): Promise<boolean> {
    const data = encode(count);
    try {
      const { stat } = await this.#client.setData(this.#path, data, this.#version);
      this.#take(data, stat.version);
      return true;
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === 'BadVersion')) throw error;
      const read = await persevere(this.#client, () => this.#client.getData(this.#path));
      this.#take(read.data, read.stat.version);
      return false;
    }
  }

  #take(data: Buffer | null, version: number): void {
    if (version < this.#version) return;
    if (data?.length !== valueBytes) {
      throw new ZooKeeperError(
        'Malformed',
        `${this.#path} holds ${data?.length ?? 'no'} bytes, a count has 4`,
        {
          path: this.#path,
        },
      );
    }
    const count = data.readInt32BE();
    const changed = this.#version !== -1 && count !== this.#count;
    this.#version = version;
    this.#count = count;
    if (changed) this.emit('change', count);
  }
}

/** Throws `BadArguments` for what is no 32-bit integer. */
function encode(count: number): Buffer {
  if ((count | 0) !== count) throw new ZooKeeperError('BadArguments', `count ${count} is no 32-bit integer`);
  const data = Buffer.alloc(valueBytes);
  data.writeInt32BE(count);
  return data;
}
