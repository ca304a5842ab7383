export { StoreError, type StoreErrorCode } from './errors.ts';
export type { Lease, LeaseOptions } from './lease.ts';
export { storeLimits } from './limits.ts';
export { acquireLock, type Held, type Holder, type LockOptions, readLock, tryAcquireLock } from './lock.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite/sqlite-store.ts';
export {
  type Compare,
  type Entry,
  type ListOptions,
  type ListPage,
  listPages,
  type PutOptions,
  type Store,
  type StoreEvent,
  type SwapResult,
  type TransactionResult,
  type Value,
  type WatchOptions,
  type Write,
} from './store.ts';
