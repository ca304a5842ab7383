import { parentPath } from '../protocol/path.ts';
import type { WatchEventType } from '../protocol/watch-event.ts';

export interface WatchEvent {
  /**
   * `watchRestored` comes to persistent watches only, after a reconnect: what changed in between was not reported, so
   * read again what matters.
   */
  readonly type: WatchEventType | 'watchRestored';
  readonly path: string;
  /** Transaction that caused the event; `undefined` from servers before 3.9. */
  readonly zxid: bigint | undefined;
}

export type WatchListener = (event: WatchEvent) => void;

/** What an event of each one-shot kind is about. A server keeps `exists` among its data watches. */
export type OneShotKind = 'data' | 'exists' | 'children';

/** `persistent`: changes of the node and of its list of children. `persistentRecursive`: of the node and all below it. */
export type AddWatchMode = 'persistent' | 'persistentRecursive';

export type WatchKind = OneShotKind | AddWatchMode;

type Listeners = Map<string, Set<WatchListener>>;

const reportedBy: Partial<Record<WatchEventType, readonly OneShotKind[]>> = {
  nodeCreated: ['data', 'exists'],
  nodeDataChanged: ['data', 'exists'],
  nodeDeleted: ['data', 'exists', 'children'],
  nodeChildrenChanged: ['children'],
};

/** Who wants to hear of which path. Keeps no connection and calls nobody. */
export class WatchRegistry {
  readonly #kinds: Record<WatchKind, Listeners> = {
    data: new Map(),
    exists: new Map(),
    children: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  };

  add(kind: WatchKind, path: string, listener: WatchListener): void {
    const listeners = this.#kinds[kind].get(path);
    if (listeners === undefined) this.#kinds[kind].set(path, new Set([listener]));
    else listeners.add(listener);
  }

  /** False when it was not there. */
  remove(kind: WatchKind, path: string, listener: WatchListener): boolean {
    const listeners = this.#kinds[kind].get(path);
    if (listeners === undefined || !listeners.delete(listener)) return false;
    if (listeners.size === 0) this.#kinds[kind].delete(path);
    return true;
  }

  /** Forgets all of one kind at `path`; false when there was none. */
  removeAll(kind: WatchKind, path: string): boolean {
    return this.#kinds[kind].delete(path);
  }

  has(kind: WatchKind, path: string): boolean {
    return this.#kinds[kind].has(path);
  }

  /**
   * Whether a one-shot watch must be asked of the server. A persistent watch on the same path reports the same events, and
   * servers before 3.10 would let the one-shot take its place, so that it ended with the first event.
   */
  needsServer(kind: OneShotKind, path: string): boolean {
    if (this.#kinds.persistent.has(path)) return false;
    return kind === 'children' || !this.#kinds.persistentRecursive.has(path);
  }

  /** Those to call for an event, each once; one-shot watches are gone with it. */
  take(type: WatchEventType, path: string): WatchListener[] {
    const chosen = new Set<WatchListener>();
    for (const kind of reportedBy[type] ?? []) {
      for (const listener of this.#kinds[kind].get(path) ?? []) chosen.add(listener);
      this.#kinds[kind].delete(path);
    }
    if (reportedBy[type] === undefined) return [];
    for (const listener of this.#kinds.persistent.get(path) ?? []) chosen.add(listener);
    if (type !== 'nodeChildrenChanged') this.#addRecursive(path, chosen);
    return [...chosen];
  }

  #addRecursive(path: string, chosen: Set<WatchListener>): void {
    if (this.#kinds.persistentRecursive.size === 0) return;
    for (let at = path; ; at = parentPath(at)) {
      for (const listener of this.#kinds.persistentRecursive.get(at) ?? []) chosen.add(listener);
      if (at === '/') return;
    }
  }

  /** The part of it that is about one path. */
  at(path: string): Pick<WatchRegistry, 'paths'> {
    return { paths: (kind) => (this.has(kind, path) ? [path] : []) };
  }

  paths(kind: WatchKind): string[] {
    return [...this.#kinds[kind].keys()];
  }

  /** Listeners of persistent watches, with the path each was added for. */
  *persistent(): Generator<[path: string, listener: WatchListener]> {
    for (const kind of ['persistent', 'persistentRecursive'] as const) {
      for (const [path, listeners] of this.#kinds[kind])
        for (const listener of listeners) yield [path, listener];
    }
  }
}
