/**
 * One engine in a process of its own, which tests kill, freeze and cut off: `engine-program.ts OPTIONS`, options as JSON.
 * Calls come over the channel to the parent, which no partition of networks cuts.
 */
import { createLogger } from '@orchestrator/runtime';
import { openSqliteStore } from '@orchestrator/store';
import { createSyncEngine, type SyncEngine } from '@orchestrator/sync';
import type { Answer, Call, EngineOptions } from './engine-calls.ts';

async function answer(engine: SyncEngine, { id, method, args }: Call): Promise<Answer> {
  try {
    const call = engine[method] as (...args: unknown[]) => unknown;
    return { id, result: await call.apply(engine, [...args]) };
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return { id, error: { code, message } };
  }
}

const options = JSON.parse(process.argv[2] ?? '{}') as EngineOptions;
const store = await openSqliteStore(options.storeFile);
const logger = createLogger({ name: 'engine', level: 'debug' });
const engine = createSyncEngine({ ...options, store, logger });
process.on('message', async (call: Call) => process.send?.(await answer(engine, call)));
process.on('disconnect', () => process.exit(0));
