import { join } from 'node:path';
import { createLogger, type Logger, silentLogger } from '@orchestrator/runtime';
import { openSqliteStore, type Store } from '@orchestrator/store';
import { type Ensemble, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import type { ZooKeeperClient } from '@orchestrator/zookeeper';
import { createSyncEngine } from '../src/engine.ts';
import type { SyncEngine, SyncOptions } from '../src/engine-types.ts';
import { accessTo, clientOf } from './ensembles.ts';

export interface Pair extends AsyncDisposable {
  readonly source: Ensemble;
  readonly target: Ensemble;
  readonly store: Store;
  readonly workFolder: string;
  readonly a: ZooKeeperClient;
  readonly b: ZooKeeperClient;
  /** Not started yet; stopped with the pair. */
  engine(options?: Partial<SyncOptions>): SyncEngine;
  close(): Promise<void>;
}

/** Shows what the engine logs when a test is to be looked into. */
const logger: Logger =
  process.env.SYNC_TEST_LOG === undefined ? silentLogger : createLogger({ name: 'sync', level: 'debug' });

/** Two real ensembles, a store and a client of each. */
export async function startPair(options: Parameters<typeof startEnsemble>[0] = {}): Promise<Pair> {
  const [source, target] = await Promise.all([startEnsemble(options), startEnsemble(options)]);
  const workFolder = await temporaryFolder('sync');
  const store = await openSqliteStore(join(workFolder, 'store.db'));
  const [a, b] = await Promise.all([clientOf(source), clientOf(target)]);
  const engines: SyncEngine[] = [];
  const close = async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await Promise.all([a.close(), b.close()]);
    await store.close();
    await Promise.all([source.close(), target.close()]);
  };
  return {
    source,
    target,
    store,
    workFolder,
    a,
    b,
    engine(more = {}) {
      const engine = createSyncEngine({
        migrationId: 'test',
        source: accessTo(source),
        target: accessTo(target),
        store,
        instance: `engine-${engines.length + 1}`,
        workFolder,
        leaseMs: 3_000,
        logger,
        ...more,
      });
      engines.push(engine);
      return engine;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
