/** A process that takes a lock, says so, and writes under it until it dies. Started by tests, as `node holder.ts URL TTL_MS`. */
import { setTimeout as pause } from 'node:timers/promises';
import { acquireLock, openStore, StoreError } from '../src/index.ts';

/** One line of output each. */
export type HolderLine = { term: number } | { wrote: number } | { deposed: string };

const [url = '', ttlMs = ''] = process.argv.slice(2);
const tell = (line: HolderLine) => process.stdout.write(`${JSON.stringify(line)}\n`);

const store = await openStore(url);
const held = await acquireLock({ store, name: 'job', owner: `pid ${process.pid}`, ttlMs: Number(ttlMs) });
tell({ term: held.term });
try {
  for (let count = 1; ; count++) {
    await held.transaction([], [{ type: 'put', key: 'progress', value: `${held.term}/${count}` }]);
    tell({ wrote: count });
    await pause(5);
  }
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  tell({ deposed: error.code });
}
await store.close();
