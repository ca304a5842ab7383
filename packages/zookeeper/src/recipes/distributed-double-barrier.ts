import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath, childPath } from '../protocol/path.ts';
import type { WatchListener } from '../session/watches.ts';
import { guid } from './guid.ts';
import { ensureDeleted, ensureNode, persevere } from './persevere.ts';
import { deadline, nextChange, timedOut, type WaitOptions } from './wait.ts';

const readyName = 'ready';

/** Lets a number of members begin together and end together. An object is one member. */
export class DistributedDoubleBarrier {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #memberCount: number;
  readonly #ownPath: string;
  readonly #readyPath: string;

  /** Throws `BadArguments` unless `memberCount` is a positive integer. */
  constructor(client: ZooKeeperClient, path: string, memberCount: number) {
    checkPath(path);
    if (!Number.isSafeInteger(memberCount) || memberCount < 1) {
      throw new ZooKeeperError('BadArguments', `memberCount is ${memberCount}; give a positive integer`, {
        path,
      });
    }
    this.#client = client;
    this.#path = path;
    this.#memberCount = memberCount;
    this.#ownPath = childPath(path, guid(client.random));
    this.#readyPath = childPath(path, readyName);
  }

  /** Resolves with true once all members have entered, with false, having left again, after `timeoutMs`. */
  async enter(options: WaitOptions = {}): Promise<boolean> {
    await ensureNode(this.#client, this.#path, 'persistent');
    await this.#createOwn();
    let entered = false;
    try {
      entered = await this.#until(options, (watch) => this.#isReady(watch));
      return entered;
    } finally {
      if (!entered) await ensureDeleted(this.#client, this.#ownPath);
    }
  }

  /** Resolves with true once all members have left, with false after `timeoutMs`. */
  async leave(options: WaitOptions = {}): Promise<boolean> {
    await ensureDeleted(this.#client, this.#ownPath);
    const left = await this.#until(options, async (watch) => {
      const { children } = await persevere(this.#client, () =>
        this.#client.getChildren(this.#path, { watch }),
      );
      return children.every((name) => name === readyName);
    });
    if (left) await ensureDeleted(this.#client, this.#readyPath);
    return left;
  }

  /** The last member to come says so to those before it. */
  async #isReady(watch: WatchListener): Promise<boolean> {
    const { stat } = await persevere(this.#client, () => this.#client.exists(this.#readyPath, { watch }));
    if (stat !== null) return true;
    if ((await this.#members()).length < this.#memberCount) return false;
    await ensureNode(this.#client, this.#readyPath, 'persistent');
    return true;
  }

  async #createOwn(): Promise<void> {
    try {
      await persevere(this.#client, () => this.#client.create(this.#ownPath, null, { mode: 'ephemeral' }));
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === 'NodeExists')) throw error;
    }
  }

  async #members(): Promise<string[]> {
    const { children } = await persevere(this.#client, () => this.#client.getChildren(this.#path));
    return children.filter((name) => name !== readyName);
  }

  /** Asks again after every change until the answer is yes; false when the time is up. */
  async #until(options: WaitOptions, isDone: (watch: WatchListener) => Promise<boolean>): Promise<boolean> {
    const { signal, release } = deadline(this.#client, options);
    try {
      for (;;) {
        let done = false;
        await nextChange(this.#client, signal, async (watch) => {
          done = await isDone(watch);
          return done ? 'changed' : 'wait';
        });
        if (done) return true;
      }
    } catch (error) {
      if (error === timedOut) return false;
      throw error;
    } finally {
      release();
    }
  }
}
