/**
 * One interface for durable state. It is etcd's model, because that is what can be had both ways: every change raises one
 * revision of the whole store, and every entry knows the revision of its last change.
 */
import type { Lease, LeaseOptions } from './lease.ts';

export interface Entry {
  key: string;
  value: Buffer;
  /** Revision of the store at the entry's last change; 1 or more. */
  revision: number;
}

/** Text is stored as UTF-8. */
export type Value = Uint8Array | string;

export interface PutOptions {
  /** The key vanishes with this lease. Without one the key stays, even if it hung on a lease before. */
  lease?: Lease;
}

export type SwapResult = { swapped: true; revision: number } | { swapped: false; current: Entry | undefined };

/** Holds when the last change of `key` was at `revision`; 0 means that the key is absent. */
export interface Compare {
  key: string;
  revision: number;
}

export type Write =
  | ({ type: 'put'; key: string; value: Value } & PutOptions)
  | { type: 'delete'; key: string };

/** `revision` is the one of the writes, or that of the store when the writes changed nothing. */
export type TransactionResult = { committed: true; revision: number } | { committed: false };

export interface ListOptions {
  /** Entries per page. Default 100, at most `storeLimits.listEntries`. */
  limit?: number;
  /** Only keys after this one, in the order of their UTF-8 bytes. */
  after?: string;
}

export interface ListPage {
  entries: Entry[];
  /** Store revision at which the page was read: watch from this plus one to miss nothing. */
  revision: number;
  /** Further entries follow; continue with `after` set to the last key. */
  more: boolean;
}

export type StoreEvent =
  | { type: 'put'; key: string; revision: number; value: Buffer }
  | { type: 'delete'; key: string; revision: number };

export interface WatchOptions {
  /** Ends the iteration without an error. */
  signal?: AbortSignal;
}

/**
 * Every method may throw a `StoreError`: `invalid` and `limit` for what the caller gave, `unavailable` when it was surely
 * not done, `outcome-unknown` when a write was sent and no answer came, `closed` after `close()`.
 */
export interface Store {
  get(key: string): Promise<Entry | undefined>;
  /** Writes whatever is there; resolves to the new revision. */
  put(key: string, value: Value, options?: PutOptions): Promise<number>;
  /** Writes only if the key's revision is `expectedRevision`; 0 creates it only if absent. */
  compareAndSwap(
    key: string,
    expectedRevision: number,
    value: Value,
    options?: PutOptions,
  ): Promise<SwapResult>;
  /** Deletes, with `revision` only if that is still the key's; false when nothing was deleted. */
  delete(key: string, options?: { revision?: number }): Promise<boolean>;
  /** One page of the keys that begin with `prefix`. Pages are read at different revisions. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /** All writes, at one revision, if all compares hold; else nothing. */
  transaction(compares: readonly Compare[], writes: readonly Write[]): Promise<TransactionResult>;
  /** A lease that is kept alive until it is released, lost, or the store is closed. */
  lease(options: LeaseOptions): Promise<Lease>;
  /**
   * The changes at `fromRevision` and later of keys that begin with `prefix`, in order, each once. Nothing is buffered
   * beyond what the reader has asked for: a reader that falls behind the kept history gets a `compacted` error and must
   * list again. Waits through outages of the server.
   */
  watch(prefix: string, fromRevision: number, options?: WatchOptions): AsyncIterable<StoreEvent>;
  /** Ends watches and gives up leases' keep-alives; what hangs on a lease not released vanishes after its time. */
  close(): Promise<void>;
}

/** Every entry that begins with `prefix`, page by page. Yields the pages, whose revisions differ. */
export async function* listPages(store: Store, prefix: string, limit?: number): AsyncGenerator<ListPage> {
  let after: string | undefined;
  for (;;) {
    const page = await store.list(prefix, {
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    });
    yield page;
    after = page.entries.at(-1)?.key;
    if (!page.more || after === undefined) return;
  }
}
