import type { DatabaseSync } from 'node:sqlite';
import { type Clock, type Random, systemClock, systemRandom } from '@orchestrator/runtime';
import { closedError, StoreError } from '../errors.ts';
import { checkTtl, type KeptLease, keepLease, type Lease } from '../lease.ts';
import {
  checkKey,
  checkListLimit,
  checkPrefix,
  checkRevision,
  checkTransaction,
  encodeValue,
} from '../limits.ts';
import type { Compare, Store, Write } from '../store.ts';
import { type Access, createAccess } from './access.ts';
import { createChangeSignal } from './changes.ts';
import { openDatabase, pragma, prepareDatabase } from './database.ts';
import { openTables, type Tables } from './tables.ts';
import { watchHistory } from './watch.ts';

export interface SqliteStoreOptions {
  clock?: Clock;
  random?: Random;
  /** How soon a watch sees what another process wrote, and an expired lease is noticed. Default 25. */
  pollMs?: number;
  /** How long to wait for another process's transaction before `unavailable`. Default 5 000. */
  busyTimeoutMs?: number;
  /** Changes kept for watches. Default 10 000. */
  historyEvents?: number;
  /** Bytes of values kept for watches. Default 64 MiB. */
  historyBytes?: number;
}

/**
 * A store in one file (WAL beside it), for any number of processes on one machine; never on a network file system.
 * Writes are on disk when their promise resolves. Leases live by the wall clock of the machine.
 */
export async function openSqliteStore(file: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const { clock = systemClock, random = systemRandom, pollMs = 25, busyTimeoutMs = 5000 } = options;
  const { historyEvents = 10_000, historyBytes = 64 * 1024 * 1024 } = options;
  const database = openDatabase(file);
  const access = createAccess({ file, database, clock, random, busyTimeoutMs });
  try {
    await access.whenFree(() => prepareDatabase(file, database));
  } catch (error) {
    database.close();
    throw error;
  }
  const tables = openTables(database, { events: historyEvents, bytes: historyBytes });
  return sqliteStore({ access, database, tables, clock, random, pollMs });
}

interface Parts {
  access: Access;
  database: DatabaseSync;
  tables: Tables;
  clock: Clock;
  random: Random;
  pollMs: number;
}

function sqliteStore({ access, database, tables, clock, random, pollMs }: Parts): Store {
  const closed = new AbortController();
  const leases = new Set<KeptLease>();
  let seenVersion = -1;

  const hasDueLeases = () => tables.dueLeases(clock.nowMs()).length > 0;

  const expireLeases = (): void => {
    const nowMs = clock.nowMs();
    tables.clampLeases(nowMs);
    for (const id of tables.dueLeases(nowMs)) tables.revoke(id);
  };

  const write = async <T>(work: () => T): Promise<T> => {
    const result = await access.write(() => {
      expireLeases();
      return work();
    });
    changes.notify();
    return result;
  };

  /** Reads never show what hangs on an expired lease. */
  const read = async <T>(work: () => T): Promise<T> => {
    const fresh = await access.read(() => (hasDueLeases() ? undefined : { result: work() }));
    if (fresh !== undefined) return fresh.result;
    return write(work);
  };

  const changes = createChangeSignal({
    clock,
    pollMs,
    poll: async () => {
      if (!database.isOpen) return true;
      if (await access.read(hasDueLeases)) await write(() => undefined);
      const version = pragma(database, 'data_version');
      const changed = version !== seenVersion;
      seenVersion = version;
      return changed;
    },
  });

  const requireLease = (lease: Lease | undefined): void => {
    if (lease !== undefined && !tables.leaseExists(lease.id)) {
      throw new StoreError(`lease ${lease.id} has expired or was revoked`, { code: 'lease-lost' });
    }
  };

  const commit = (compares: readonly Compare[], writes: readonly Write[]) => {
    if (!compares.every(({ key, revision }) => tables.revisionOf(key) === revision)) return undefined;
    const puts = writes.filter((one) => one.type === 'put');
    for (const { lease } of puts) requireLease(lease);
    return tables.apply(
      writes.map((one) =>
        one.type === 'delete'
          ? { key: one.key }
          : {
              key: one.key,
              value: encodeValue(one.value),
              ...(one.lease === undefined ? {} : { lease: one.lease.id }),
            },
      ),
    );
  };

  const store: Store = {
    async get(key) {
      checkKey(key);
      return read(() => tables.get(key));
    },
    async put(key, value, options) {
      const writes: Write[] = [{ type: 'put', key, value, ...options }];
      checkTransaction([], writes);
      return write(() => commit([], writes)?.revision ?? 0);
    },
    async compareAndSwap(key, expectedRevision, value, options) {
      const compares = [{ key, revision: expectedRevision }];
      const writes: Write[] = [{ type: 'put', key, value, ...options }];
      checkTransaction(compares, writes);
      return write(() => {
        const done = commit(compares, writes);
        return done === undefined
          ? { swapped: false, current: tables.get(key) }
          : { swapped: true, revision: done.revision };
      });
    },
    async delete(key, { revision } = {}) {
      const compares = revision === undefined ? [] : [{ key, revision }];
      const writes: Write[] = [{ type: 'delete', key }];
      checkTransaction(compares, writes);
      return write(() => (commit(compares, writes)?.changed ?? 0) > 0);
    },
    async list(prefix, { limit, after = '' } = {}) {
      checkPrefix(prefix);
      checkPrefix(after);
      const size = checkListLimit(limit);
      return read(() => {
        const entries = tables.list(prefix, after, size + 1);
        return { entries: entries.slice(0, size), revision: tables.revision(), more: entries.length > size };
      });
    },
    async transaction(compares, writes) {
      checkTransaction(compares, writes);
      return write(() => {
        const done = commit(compares, writes);
        return done === undefined ? { committed: false } : { committed: true, revision: done.revision };
      });
    },
    async lease({ ttlMs }) {
      checkTtl(ttlMs);
      const grantedAtMs = clock.monotonicMs();
      const id = await write(() => tables.grant(ttlMs, Math.floor(clock.nowMs())));
      const lease = keepLease({
        ...{ id, ttlMs, clock, random, grantedAtMs },
        renew: () => write(() => tables.renew(id, Math.floor(clock.nowMs()))),
        revoke: () => write(() => tables.revoke(id)),
        onEnd: () => leases.delete(lease),
      });
      leases.add(lease);
      return lease;
    },
    watch(prefix, fromRevision, options) {
      checkPrefix(prefix);
      checkRevision(fromRevision);
      return watchHistory({ access, tables, closed: closed.signal, changes }, prefix, fromRevision, options);
    },
    async close() {
      if (closed.signal.aborted) return;
      for (const lease of [...leases]) lease.abandon();
      closed.abort(closedError());
      changes.notify();
      database.close();
    },
  };
  return store;
}
