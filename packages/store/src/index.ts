export { StoreError, type StoreErrorCode } from './errors.ts';
export type { EtcdAuth, EtcdTls } from './etcd/connection.ts';
export { type EtcdStoreOptions, openEtcdStore } from './etcd/etcd-store.ts';
export type { Lease, LeaseOptions } from './lease.ts';
export { createLeaseGate, type LeaseGate } from './lease-gate.ts';
export { storeLimits } from './limits.ts';
export { acquireLock, type Held, type Holder, type LockOptions, readLock, tryAcquireLock } from './lock.ts';
export { type OpenStoreOptions, openStore } from './open-store.ts';
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
