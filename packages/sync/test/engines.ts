import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, type Logger, silentLogger } from '@orchestrator/runtime';
import { openSqliteStore, type Store } from '@orchestrator/store';
import {
  type Ensemble,
  type ServerProcess,
  startEnsemble,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import type { ZooKeeperClient } from '@orchestrator/zookeeper';
import { createSyncEngine } from '../src/engine.ts';
import type { SyncEngine, SyncOptions } from '../src/engine-types.ts';
import { accessTo, clientOf } from './ensembles.ts';

/** Far longer than it takes for all changes to arrive, on a machine that is busy too. */
export const settleMs = 60_000;

export interface Pair extends AsyncDisposable {
  readonly source: Ensemble;
  readonly target: Ensemble;
  readonly store: Store;
  readonly workFolder: string;
  /** A client of the source. */
  readonly a: ZooKeeperClient;
  /** A client of the target. */
  readonly b: ZooKeeperClient;
  /** Not started yet; stopped with the pair. */
  engine(options?: Partial<SyncOptions>): SyncEngine;
  /** An engine in a process of its own, on the same store. */
  engineProcess(options?: Partial<SyncOptions>): Promise<EngineProcess>;
  close(): Promise<void>;
}

export interface EngineProcess {
  readonly process: ServerProcess;
  /** Resolves once its log holds this. */
  logged(text: string): Promise<void>;
}

/** Shows what the engine logs when a test is to be looked into. */
const logger: Logger =
  (process.env.SYNC_TEST_LOG ?? '') === '' ? silentLogger : createLogger({ name: 'sync', level: 'debug' });

const script = fileURLToPath(new URL('engine-program.ts', import.meta.url));

/** Two real ensembles, a store and a client of each. */
export async function startPair(options: Parameters<typeof startEnsemble>[0] = {}): Promise<Pair> {
  const [source, target] = await Promise.all([startEnsemble(options), startEnsemble(options)]);
  const pair = await pairOf(source, target);
  const close = async () => {
    await pair.close();
    await Promise.all([source.close(), target.close()]);
  };
  return { ...pair, close, [Symbol.asyncDispose]: close };
}

/** As {@link startPair}, on ensembles that the caller closes. */
export async function pairOf(source: Ensemble, target: Ensemble): Promise<Pair> {
  const workFolder = await temporaryFolder('sync');
  const storeFile = join(workFolder, 'store.db');
  const store = await openSqliteStore(storeFile);
  const [a, b] = await Promise.all([clientOf(source), clientOf(target)]);
  const engines: SyncEngine[] = [];
  const processes: ServerProcess[] = [];
  const optionsOf = (more: Partial<SyncOptions>) => ({
    migrationId: 'test',
    source: accessTo(source),
    target: accessTo(target),
    instance: `engine-${engines.length + processes.length + 1}`,
    workFolder,
    leaseMs: 1_000,
    ...more,
  });
  const close = async () => {
    for (const process of processes) process.signal('SIGKILL');
    await Promise.all(engines.map((engine) => engine.stop()));
    await Promise.all([a.close(), b.close()]);
    await store.close();
  };
  return {
    source,
    target,
    store,
    workFolder,
    a,
    b,
    engine(more = {}) {
      const engine = createSyncEngine({ ...optionsOf(more), store, logger });
      engines.push(engine);
      return engine;
    },
    async engineProcess(more = {}) {
      const options = { ...optionsOf(more), storeFile };
      const logFile = join(workFolder, `${options.instance}.log`);
      const process = await startProcess({
        command: globalThis.process.execPath,
        args: [script, JSON.stringify(options)],
        cwd: workFolder,
        logFile,
      });
      processes.push(process);
      return {
        process,
        async logged(text) {
          const what = `"${text}" in ${logFile}`;
          await waitFor(async () => (await readFile(logFile, 'utf8')).includes(text), {
            what,
            timeoutMs: settleMs,
          });
        },
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Starts an engine and waits until it carries changes. */
export async function startSyncing(engine: SyncEngine): Promise<void> {
  await engine.start();
  await waitFor(() => engine.status().state === 'syncing', {
    what: () => `the engine to lead: ${engine.status().state}, ${engine.status().problem}`,
    timeoutMs: settleMs,
  });
}
