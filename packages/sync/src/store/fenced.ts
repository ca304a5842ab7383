/** The store as a leader may write to it: not once another one leads. */
import type { Held, Store } from '@orchestrator/store';

/**
 * Writes nothing unless `held` is still ours; throws `StoreError` `lease-lost` instead. A leader that was stopped for longer
 * than its lease would else record conflicts that its successor, who has read them already, knows nothing of.
 */
export function fencedStore(store: Store, held: Pick<Held, 'transaction'>): Store {
  return {
    get: (key) => store.get(key),
    list: (prefix, options) => store.list(prefix, options),
    watch: (prefix, fromRevision, options) => store.watch(prefix, fromRevision, options),
    lease: (options) => store.lease(options),
    close: () => store.close(),
    transaction: (compares, writes) => held.transaction(compares, writes),
    async put(key, value, options) {
      const result = await held.transaction([], [{ type: 'put', key, value, ...options }]);
      return result.committed ? result.revision : 0;
    },
    async compareAndSwap(key, revision, value, options) {
      const result = await held.transaction([{ key, revision }], [{ type: 'put', key, value, ...options }]);
      if (result.committed) return { swapped: true, revision: result.revision };
      return { swapped: false, current: await store.get(key) };
    },
    async delete(key, { revision } = {}) {
      const isThere = (await store.get(key)) !== undefined;
      const compares = revision === undefined ? [] : [{ key, revision }];
      const result = await held.transaction(compares, [{ type: 'delete', key }]);
      return isThere && result.committed;
    },
  };
}
