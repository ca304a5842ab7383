/** Runs one engine until told otherwise, for tests that kill it. Options come as JSON in the first argument. */
import { createLogger } from '@orchestrator/runtime';
import { openSqliteStore } from '@orchestrator/store';
import { createSyncEngine } from '../src/engine.ts';
import type { SyncOptions } from '../src/engine-types.ts';

export type ProcessOptions = Omit<SyncOptions, 'store' | 'logger'> & { readonly storeFile: string };

const options = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions;
const store = await openSqliteStore(options.storeFile);
const engine = createSyncEngine({
  ...options,
  store,
  logger: createLogger({ name: 'engine', level: 'info' }),
});
await engine.start();
process.stdout.write('started\n');

process.on('SIGTERM', () => {
  void engine
    .stop()
    .then(() => store.close())
    .then(() => process.exit(0));
});
