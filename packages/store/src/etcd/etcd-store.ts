import { type Clock, type Random, systemClock, systemRandom } from '@orchestrator/runtime';
import { closedError, StoreError } from '../errors.ts';
import { checkTtl, type KeptLease, keepLease } from '../lease.ts';
import {
  checkKey,
  checkListLimit,
  checkPrefix,
  checkRevision,
  checkTransaction,
  encodeValue,
} from '../limits.ts';
import type { Compare, Entry, Store, Write } from '../store.ts';
import { connect, type EtcdAuth, type EtcdTls } from './connection.ts';
import { type KeySpace, keySpace, rangeOf, successor } from './keys.ts';
import { type KeyValue, methods, type RequestOp } from './rpc.ts';
import { watchEtcd } from './watch.ts';

export interface EtcdStoreOptions {
  /** `host:port` of each server. */
  hosts: readonly string[];
  /** Given: TLS. */
  tls?: EtcdTls;
  auth?: EtcdAuth;
  /** Before every key, so that several stores can share a cluster. Default none. */
  namespace?: string;
  /** Default 5 000, for a whole call with its attempts at other servers. */
  requestTimeoutMs?: number;
  clock?: Clock;
  random?: Random;
}

/**
 * A store in an etcd cluster, 3.4 or later. Connects lazily, so this succeeds without a server. etcd keeps all history
 * until it is told otherwise: run it with `--auto-compaction-retention`.
 */
export function openEtcdStore(options: EtcdStoreOptions): Store {
  const { hosts, tls, auth, namespace = '', requestTimeoutMs = 5000 } = options;
  const { clock = systemClock, random = systemRandom } = options;
  if (hosts.length === 0) throw new StoreError('an etcd store needs at least one host', { code: 'invalid' });
  const connection = connect({
    ...{ hosts, clock, random, requestTimeoutMs },
    ...(tls === undefined ? {} : { tls }),
    ...(auth === undefined ? {} : { auth }),
  });
  const keys = keySpace(namespace);
  const closed = new AbortController();
  const leases = new Set<KeptLease>();

  const transact = async (
    compares: readonly Compare[],
    writes: readonly Write[],
    otherwise: RequestOp[] = [],
  ) => {
    checkTransaction(compares, writes);
    return connection.write(methods.txn, {
      compare: compares.map(({ key, revision }) => ({
        ...{ result: 'EQUAL' as const, target: 'MOD' as const },
        ...{ key: keys.encode(key), mod_revision: revision },
      })),
      success: writes.map((write) => toOperation(keys, write)),
      failure: otherwise,
    });
  };

  return {
    async get(key) {
      checkKey(key);
      const { kvs } = await connection.read(methods.range, { key: keys.encode(key) });
      return kvs[0] === undefined ? undefined : toEntry(keys, kvs[0]);
    },
    async put(key, value, putOptions) {
      const { header } = await transact([], [{ type: 'put', key, value, ...putOptions }]);
      return Number(header.revision);
    },
    async compareAndSwap(key, expectedRevision, value, putOptions) {
      const compares = [{ key, revision: expectedRevision }];
      const read = { request_range: { key: keys.encode(key) } };
      const result = await transact(compares, [{ type: 'put', key, value, ...putOptions }], [read]);
      if (result.succeeded) return { swapped: true, revision: Number(result.header.revision) };
      const found = result.responses[0]?.response_range?.kvs[0];
      return { swapped: false, current: found === undefined ? undefined : toEntry(keys, found) };
    },
    async delete(key, { revision } = {}) {
      const compares = revision === undefined ? [] : [{ key, revision }];
      const { succeeded, responses } = await transact(compares, [{ type: 'delete', key }]);
      return succeeded && Number(responses[0]?.response_delete_range?.deleted ?? 0) > 0;
    },
    async list(prefix, { limit, after } = {}) {
      checkPrefix(prefix);
      checkPrefix(after ?? '');
      const range = rangeOf(keys.encode(prefix));
      const next = after === undefined ? range.key : successor(keys.encode(after));
      const { header, kvs, more } = await connection.read(methods.range, {
        ...range,
        key: Buffer.compare(next, range.key) > 0 ? next : range.key,
        limit: checkListLimit(limit),
      });
      return { entries: kvs.map((kv) => toEntry(keys, kv)), revision: Number(header.revision), more };
    },
    async transaction(compares, writes) {
      const { succeeded, header } = await transact(compares, writes);
      return succeeded ? { committed: true, revision: Number(header.revision) } : { committed: false };
    },
    async lease({ ttlMs }) {
      checkTtl(ttlMs);
      const grantedAtMs = clock.monotonicMs();
      // A grant that got lost on its way runs out by itself, so it may be repeated.
      const { ID: id } = await connection.read(methods.leaseGrant, { TTL: Math.ceil(ttlMs / 1000) });
      const lease = keepLease({
        ...{ id, ttlMs, clock, random, grantedAtMs },
        renew: async () => Number((await connection.exchange(methods.leaseKeepAlive, { ID: id })).TTL) > 0,
        revoke: () => revoke(id),
        onEnd: () => leases.delete(lease),
      });
      leases.add(lease);
      return lease;
    },
    watch(prefix, fromRevision, watchOptions) {
      checkPrefix(prefix);
      checkRevision(fromRevision);
      return watchEtcd(
        { connection, keys, closed: closed.signal, clock, random },
        prefix,
        fromRevision,
        watchOptions,
      );
    },
    async close() {
      if (closed.signal.aborted) return;
      for (const lease of [...leases]) lease.abandon();
      closed.abort(closedError());
      connection.close();
    },
  };

  async function revoke(id: string): Promise<void> {
    try {
      await connection.read(methods.leaseRevoke, { ID: id });
    } catch (error) {
      // Gone already: by its time, or by an earlier attempt whose answer got lost.
      if (!(error instanceof StoreError) || error.code !== 'lease-lost') throw error;
    }
  }
}

const toEntry = (keys: KeySpace, { key, value, mod_revision }: KeyValue): Entry => ({
  key: keys.decode(key),
  value,
  revision: Number(mod_revision),
});

function toOperation(keys: KeySpace, write: Write): RequestOp {
  const key = keys.encode(write.key);
  if (write.type === 'delete') return { request_delete_range: { key } };
  const lease = write.lease === undefined ? {} : { lease: write.lease.id };
  return { request_put: { key, value: encodeValue(write.value), ...lease } };
}
