import type { ZooKeeperClient } from '../client.ts';
import { checkPath, parentPath } from '../protocol/path.ts';
import { ensureDeleted, ensureNode, persevere } from './persevere.ts';
import { deadline, nextChange, timedOut, type WaitOptions } from './wait.ts';

/** Holds back whoever waits on it while its node exists. */
export class DistributedBarrier {
  readonly #client: ZooKeeperClient;
  readonly #path: string;

  constructor(client: ZooKeeperClient, path: string) {
    checkPath(path);
    this.#client = client;
    this.#path = path;
  }

  /** Raises the barrier; it may be up already. */
  async setBarrier(): Promise<void> {
    await ensureNode(this.#client, parentPath(this.#path), 'persistent');
    await ensureNode(this.#client, this.#path, 'persistent');
  }

  async removeBarrier(): Promise<void> {
    await ensureDeleted(this.#client, this.#path);
  }

  /** Resolves with true once the barrier is down, with false after `timeoutMs`. Rejects with the signal's reason. */
  async waitOnBarrier(options: WaitOptions = {}): Promise<boolean> {
    const { signal, release } = deadline(this.#client, options);
    try {
      for (;;) {
        let isUp = true;
        await nextChange(this.#client, signal, async (watch) => {
          const { stat } = await persevere(
            this.#client,
            () => this.#client.exists(this.#path, { watch }),
            signal,
          );
          isUp = stat !== null;
          return isUp ? 'wait' : 'changed';
        });
        if (!isUp) return true;
      }
    } catch (error) {
      if (error === timedOut) return false;
      throw error;
    } finally {
      release();
    }
  }
}
