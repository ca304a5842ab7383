import type { Clock } from '@orchestrator/runtime';
import { type ConnectionState, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';

export interface UpkeepOptions {
  readonly client: ZooKeeperClient;
  readonly clock: Clock;
  /** Reads what is there and puts it right, with {@link Upkeep.look} as the listener of its watches. */
  readonly work: () => Promise<void>;
  /** The session is over, or must be taken for it. */
  readonly onLost: () => void;
  /** Going on would be a guess, or is impossible. */
  readonly onFailed: (error: unknown) => void;
}

/** How long to wait after a failure that neither the connection nor a change is to blame for. */
const retryMs = 2_000;

/**
 * Does a piece of work on ZooKeeper again whenever there may be a reason: with each connection, each event of a watch, and
 * once more when one comes while it works. Never twice at a time, and never given up but by {@link close} or a failure.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #isWanted = false;
  #isWorking = false;
  #round: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Resolves after the first round; without a connection at once. */
  async start(): Promise<void> {
    this.#options.client.on('state', this.#onState);
    this.look();
    await this.#round;
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.client.off('state', this.#onState);
    await this.#round;
  }

  /** Something may have changed. Events of watches also come while a connection is made, before it counts as one. */
  readonly look = (): void => {
    this.#isWanted = true;
    if (!this.#isWorking) this.#round = this.#work();
  };

  readonly #onState = (state: ConnectionState, cause: ZooKeeperError | undefined) => {
    if (state === 'connected' || state === 'reconnected') this.look();
    else if (state === 'lost') this.#options.onLost();
    else if (state === 'closed' && cause !== undefined) this.#options.onFailed(cause);
  };

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#isWanted && !this.#closed && this.#options.client.isConnected) {
      this.#isWanted = false;
      try {
        await this.#options.work();
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#isWorking = false;
  }

  #onFailure(error: unknown): void {
    if (this.#closed) return;
    const { code } = error instanceof ZooKeeperError ? error : { code: undefined };
    if (code === 'ConnectionLoss' || code === 'SessionExpired') return; // the next connection brings us back
    if (code === 'NoNode')
      this.#isWanted = true; // it went between two readings
    else if (code === undefined || code === 'NoAuth' || code === 'AuthFailed') this.#options.onFailed(error);
    else this.#options.clock.after(retryMs, this.look, { background: true });
  }
}
