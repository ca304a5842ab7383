import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath } from '../protocol/path.ts';
import type { ConnectionState } from '../session/state.ts';
import { type Contender, contenders, join, leave, predecessorGone, standing } from './contender.ts';
import { deadline, timedOut, type WaitOptions } from './wait.ts';

export interface MutexOptions {
  /** Lets the holder acquire again; the lock is free after as many releases. Default false. */
  reentrant?: boolean;
  /** How missing parents are created. Default `container`; take `persistent` for servers before 3.5. */
  parentMode?: 'container' | 'persistent';
  /** Data of this contender's node, for people who look. */
  data?: Uint8Array;
}

/** A lock that is held. */
export interface Lease extends AsyncDisposable {
  /** Grows from one holder to the next: what the lock protects can refuse a smaller one. */
  readonly fencingToken: bigint;
  /** Aborts when the session is lost and the lock with it; another may hold it from then on. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

const prefix = 'lock-';

interface Holding {
  readonly contender: Contender;
  readonly lost: AbortController;
  count: number;
  forget: () => void;
}

/**
 * A lock that one process at a time holds, first come first served, with the layout of Curator's recipe of that name: it
 * excludes Java clients too. One object can be acquired by many callers at once; each waits for its turn.
 */
export class InterProcessMutex {
  readonly #client: ZooKeeperClient;
  readonly #path: string;
  readonly #options: MutexOptions;
  #holding: Holding | undefined;

  constructor(client: ZooKeeperClient, path: string, options: MutexOptions = {}) {
    checkPath(path);
    this.#client = client;
    this.#path = path;
    this.#options = options;
  }

  /** Whether this object holds the lock. */
  get isHeld(): boolean {
    return this.#holding !== undefined;
  }

  /** Waits for the lock. Rejects with `OperationTimeout` after `timeoutMs`, or with the signal's reason. */
  async acquire(options: WaitOptions = {}): Promise<Lease> {
    if (this.#options.reentrant === true && this.#holding !== undefined) {
      this.#holding.count++;
      return this.#lease(this.#holding);
    }
    const { signal, release } = deadline(this.#client, options);
    try {
      return this.#lease(this.#hold(await this.#wait(signal)));
    } catch (error) {
      if (error !== timedOut) throw error;
      throw new ZooKeeperError(
        'OperationTimeout',
        `lock ${this.#path}: not free within ${options.timeoutMs} ms`,
        {
          path: this.#path,
        },
      );
    } finally {
      release();
    }
  }

  /** Runs `task` while the lock is held. */
  async withLock<Result>(
    task: (lease: Lease) => Promise<Result>,
    options: WaitOptions = {},
  ): Promise<Result> {
    await using lease = await this.acquire(options);
    return await task(lease);
  }

  /** Paths of the holder's node and of those who wait, in order. */
  participants(): Promise<string[]> {
    return contenders(this.#client, this.#path, prefix);
  }

  async #wait(signal: AbortSignal): Promise<Contender> {
    const { parentMode, data } = this.#options;
    let contender: Contender | undefined;
    try {
      for (;;) {
        signal.throwIfAborted();
        contender ??= await join(this.#client, this.#path, { prefix, data, parentMode });
        const { rank, predecessor } = await standing(this.#client, this.#path, prefix, contender);
        if (rank === 0) return contender;
        // Gone with its session: to the end of the queue.
        if (predecessor === undefined) contender = undefined;
        else await predecessorGone(this.#client, predecessor, signal);
      }
    } catch (error) {
      if (contender !== undefined) await leave(this.#client, contender);
      throw error;
    }
  }

  #hold(contender: Contender): Holding {
    const lost = new AbortController();
    const { sessionId } = this.#client;
    const onState = (state: ConnectionState, cause: ZooKeeperError | undefined) => {
      const replaced = state === 'reconnected' && this.#client.sessionId !== sessionId;
      if (state !== 'lost' && state !== 'closed' && !replaced) return;
      holding.forget();
      lost.abort(
        cause ?? new ZooKeeperError('SessionExpired', `lock ${this.#path}: the session that held it is gone`),
      );
    };
    const holding: Holding = {
      contender,
      lost,
      count: 1,
      forget: () => {
        this.#client.off('state', onState);
        if (this.#holding === holding) this.#holding = undefined;
      },
    };
    this.#client.on('state', onState);
    this.#holding = holding;
    return holding;
  }

  #lease(holding: Holding): Lease {
    let released = false;
    const release = async () => {
      if (released) return;
      released = true;
      if (--holding.count > 0) return;
      holding.forget();
      await leave(this.#client, holding.contender);
    };
    return {
      fencingToken: holding.contender.czxid,
      signal: holding.lost.signal,
      release,
      [Symbol.asyncDispose]: release,
    };
  }
}
