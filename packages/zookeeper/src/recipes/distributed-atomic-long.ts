import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath, parentPath } from '../protocol/path.ts';
import { ensureNode, persevere } from './persevere.ts';

export interface AtomicLongOptions {
  /** Attempts at a change that others keep getting ahead of. Default 100. */
  maxAttempts?: number;
}

/** What a change did: the value before it and after it. */
export interface AtomicChange {
  before: bigint;
  after: bigint;
}

interface Versioned {
  value: bigint;
  /** `undefined` while there is no node. */
  version: number | undefined;
}

const valueBytes = 8;

/**
 * A 64-bit counter that many processes change, in Curator's layout (8 bytes, big-endian); 0 while its node does not exist.
 * Changes are conditional on the version read, so none is lost. A change whose connection breaks rejects with
 * `ConnectionLoss`: it may have been made or not.
 */
export class DistributedAtomicLong {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #maxAttempts: number;

  constructor(client: ZooKeeperClient, path: string, options: AtomicLongOptions = {}) {
    checkPath(path);
    this.#client = client;
    this.#path = path;
    this.#maxAttempts = options.maxAttempts ?? 100;
  }

  async get(): Promise<bigint> {
    return (await this.#read()).value;
  }

  increment(): Promise<AtomicChange> {
    return this.add(1n);
  }

  decrement(): Promise<AtomicChange> {
    return this.add(-1n);
  }

  /** Wraps around at 64 bits. Rejects with `BadVersion` when others were faster `maxAttempts` times. */
  async add(delta: bigint): Promise<AtomicChange> {
    for (let attempt = 0; attempt < this.#maxAttempts; attempt++) {
      const read = await this.#read();
      const after = BigInt.asIntN(64, read.value + delta);
      if (await this.#write(read, after)) return { before: read.value, after };
    }
    throw new ZooKeeperError(
      'BadVersion',
      `${this.#path}: others were faster ${this.#maxAttempts} times; try again`,
      {
        path: this.#path,
      },
    );
  }

  /** Sets `value` if the present one is `expected`; false when it is not, or when somebody was faster. */
  async compareAndSet(expected: bigint, value: bigint): Promise<boolean> {
    const read = await this.#read();
    return read.value === expected && (await this.#write(read, value));
  }

  /** Sets `value` whatever the present one is. */
  async forceSet(value: bigint): Promise<void> {
    while (!(await this.#write(await this.#read(), value)));
  }

  async #read(): Promise<Versioned> {
    try {
      const { data, stat } = await persevere(this.#client, () => this.#client.getData(this.#path));
      if (data?.length === valueBytes) return { value: data.readBigInt64BE(), version: stat.version };
      throw new ZooKeeperError(
        'Malformed',
        `${this.#path} holds ${data?.length ?? 'no'} bytes, a counter has 8`,
        {
          path: this.#path,
        },
      );
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === 'NoNode')
        return { value: 0n, version: undefined };
      throw error;
    }
  }

  /** False when the node is not as it was read. */
  async #write(read: Versioned, value: bigint): Promise<boolean> {
    const data = Buffer.alloc(valueBytes);
    data.writeBigInt64BE(value);
    try {
      if (read.version === undefined) {
        await ensureNode(this.#client, parentPath(this.#path), 'persistent');
        await this.#client.create(this.#path, data);
      } else {
        await this.#client.setData(this.#path, data, read.version);
      }
      return true;
    } catch (error) {
      const changed =
        error instanceof ZooKeeperError &&
        (error.code === 'BadVersion' || error.code === 'NodeExists' || error.code === 'NoNode');
      if (changed) return false;
      throw error;
    }
  }
}
