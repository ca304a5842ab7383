import { type ErrorCode, ZooKeeperError } from '../errors.ts';
import type { Reply } from '../operations/operation.ts';
import { addWatch, checkWatches, removeWatches, type WatcherType } from '../operations/watches.ts';
import type { WatchEventType } from '../protocol/watch-event.ts';
import type { Connection } from './connection.ts';
import { Request } from './request.ts';
import { restoreWatches } from './restore-watches.ts';
import type { Session } from './session.ts';
import { type AddWatchMode, type OneShotKind, type WatchListener, WatchRegistry } from './watches.ts';

/** A watch that stays until it is removed. */
export interface PersistentWatch {
  readonly path: string;
  readonly mode: AddWatchMode;
  /** Stops the calls at once and takes the watch off the server when nobody else here needs it. */
  remove(): Promise<void>;
}

export interface WatchLimits {
  readonly chroot: string;
  readonly juteMaxBuffer: number;
}

const kindsOf: Record<WatcherType, readonly (OneShotKind | AddWatchMode)[]> = {
  data: ['data', 'exists'],
  children: ['children'],
  any: ['data', 'exists', 'children', 'persistent', 'persistentRecursive'],
};

/** After these there is no watch left on the server, which is what a removal is for. */
const goneCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NoWatcher',
  'ConnectionLoss',
  'SessionExpired',
  'ClientClosed',
]);

/** The watches of one client: what is registered here, kept the same as what its server holds. */
export class WatchService {
  readonly #session: Pick<Session, 'intake' | 'connection'>;
  readonly #limits: WatchLimits;
  readonly #registry = new WatchRegistry();

  constructor(session: Pick<Session, 'intake' | 'connection'>, limits: WatchLimits) {
    this.#session = session;
    this.#limits = limits;
  }

  /** Whether a read shall ask the server for a one-shot watch. */
  asksServer(kind: OneShotKind, path: string): boolean {
    return this.#registry.needsServer(kind, path);
  }

  /** The read that set a one-shot watch has been answered. */
  registered(kind: OneShotKind, path: string, listener: WatchListener): void {
    this.#registry.add(kind, path, listener);
  }

  async add(path: string, mode: AddWatchMode, listener: WatchListener): Promise<PersistentWatch> {
    const request = new Request(
      addWatch,
      { path, mode },
      {
        path,
        onReply: (code) => {
          if (code === undefined) this.#registry.add(mode, path, listener);
        },
      },
    );
    this.#session.intake.submit(request);
    const { zxid } = await request.promise;
    // The server now holds the recursive watch in place of the one-shot.
    if (mode === 'persistentRecursive' && this.#registry.has('children', path))
      await this.#setAgain(path, zxid);
    return { path, mode, remove: () => this.#removeListener(mode, path, listener) };
  }

  /** Rejects with `NoWatcher` when the server holds no such watch. */
  check(path: string, type: WatcherType): Promise<Reply> {
    const request = new Request(checkWatches, { path, type }, { path });
    this.#session.intake.submit(request);
    return request.promise;
  }

  /** Removes all watches of a type at `path`. Rejects with `NoWatcher` when there is none. */
  async removeAll(path: string, type: WatcherType): Promise<void> {
    const found = kindsOf[type].filter((kind) => this.#registry.removeAll(kind, path));
    if (found.length === 0)
      throw new ZooKeeperError('NoWatcher', `removeWatches ${path}: there is no ${type} watch`, { path });
    await this.#removeFromServer(path, type);
  }

  /** Tells who watches of a change that the server has reported. */
  notify(type: WatchEventType, path: string, zxid: bigint | undefined): void {
    const event = { type, path, zxid };
    // Not called at once: whoever awaits an answer that came before the event sees the answer first.
    for (const listener of this.#registry.take(type, path)) queueMicrotask(() => listener(event));
  }

  /** Sets every watch on a new connection. */
  async restore(connection: Connection, lastZxidSeen: bigint): Promise<void> {
    await restoreWatches(connection, this.#registry, { ...this.#limits, lastZxidSeen });
    for (const [path, listener] of this.#registry.persistent()) {
      queueMicrotask(() => listener({ type: 'watchRestored', path, zxid: undefined }));
    }
  }

  async #removeListener(mode: AddWatchMode, path: string, listener: WatchListener): Promise<void> {
    if (!this.#registry.remove(mode, path, listener) || this.#registry.has(mode, path)) return;
    await this.#removeFromServer(path, 'any');
  }

  /** A server may drop other watches of the path along with the ones named; those still wanted are set again. */
  async #removeFromServer(path: string, type: WatcherType): Promise<void> {
    if (this.#session.connection === undefined) return;
    const request = new Request(removeWatches, { path, type }, { path });
    this.#session.intake.submit(request);
    try {
      const { zxid } = await request.promise;
      await this.#setAgain(path, zxid);
    } catch (error) {
      if (!(error instanceof ZooKeeperError && goneCodes.has(error.code))) throw error;
    }
  }

  /** Sets what is registered for one path, as of `zxid`. Without a connection, the next one gets it anyway. */
  async #setAgain(path: string, zxid: bigint): Promise<void> {
    const connection = this.#session.connection;
    if (connection === undefined) return;
    await restoreWatches(connection, this.#registry.at(path), { ...this.#limits, lastZxidSeen: zxid });
  }
}
