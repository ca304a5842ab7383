/** A store for whoever may look and wait, and may not hold a lock yet: a standby that gets everything ready but its lead. */
import { StoreError } from './errors.ts';
import type { Store } from './store.ts';

export interface LeaseGate {
  /** The same store, except that leases are granted only once the gate is open. */
  readonly store: Store;
  open(): void;
  /** Those that wait for a lease get a `StoreError` `closed`; of no effect once the gate is open. */
  close(): void;
}

export function createLeaseGate(store: Store): LeaseGate {
  const { promise: opened, resolve: open, reject } = Promise.withResolvers<void>();
  opened.catch(() => undefined); // nobody need be waiting when it is closed
  return {
    store: {
      get: (key) => store.get(key),
      put: (key, value, options) => store.put(key, value, options),
      compareAndSwap: (key, revision, value, options) => store.compareAndSwap(key, revision, value, options),
      delete: (key, options) => store.delete(key, options),
      list: (prefix, options) => store.list(prefix, options),
      transaction: (compares, writes) => store.transaction(compares, writes),
      watch: (prefix, fromRevision, options) => store.watch(prefix, fromRevision, options),
      close: () => store.close(),
      lease: async (options) => {
        await opened;
        return store.lease(options);
      },
    },
    open,
    close: () =>
      reject(new StoreError('no lease is granted to whoever stood by and is gone', { code: 'closed' })),
  };
}
