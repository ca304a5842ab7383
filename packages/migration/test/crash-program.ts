/**
 * Drives the migration in the store given until nothing is left to do, or until SIGKILL hits it at a boundary: just before
 * or just after the transaction with the number given. Its steps make and remove files, and note each call in a log.
 */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@orchestrator/runtime';
import { acquireLock, type Held, openStore } from '@orchestrator/store';
import { driveMigration } from '../src/coordinator/driver.ts';
import { Journal } from '../src/journal/journal.ts';
import { lockName } from '../src/journal/record.ts';
import { type BaseContext, definePhase, type PhaseDefinition } from '../src/phases/define-phase.ts';

const [storeUrl = '', folder = '', killAt = '', killWhen = ''] = process.argv.slice(2);

const note = (text: string) => appendFileSync(join(folder, 'log'), `${text}\n`);
const die = () => process.kill(process.pid, 'SIGKILL');

function fileStep(name: string) {
  const file = join(folder, name.replaceAll(' ', '-'));
  return {
    name,
    run: async () => {
      note(`run ${name}`);
      writeFileSync(file, 'x');
    },
    undo: async () => {
      note(`undo ${name}`);
      rmSync(file, { force: true });
    },
  };
}

export const phases: readonly PhaseDefinition<BaseContext>[] = [
  definePhase({ number: 1, name: 'one', steps: [fileStep('a'), fileStep('b')] }),
  definePhase({ number: 6, name: 'six', steps: [fileStep('c'), fileStep('d')] }),
];

/** Counts the transactions that a coordinator makes, and dies at the one chosen. */
function deadly(held: Held): Held {
  let count = 0;
  return {
    ...held,
    transaction: async (compares, writes) => {
      count += 1;
      if (count === Number(killAt) && killWhen === 'before') die();
      const result = await held.transaction(compares, writes);
      if (count === Number(killAt) && killWhen === 'after') die();
      return result;
    },
  };
}

const store = await openStore(storeUrl);
const journal = new Journal({ store, clock: systemClock });
const held = deadly(
  await acquireLock({ store, name: lockName('m'), owner: `child ${process.pid}`, ttlMs: 300 }),
);
const stop = new AbortController();
await driveMigration<BaseContext>({
  id: 'm',
  instance: 'child',
  journal,
  store,
  held,
  signal: stop.signal,
  phases: { phases, origin: [] },
  clock: systemClock,
  logger: silentLogger,
  contextFor: (_record, _activity, signal) => ({
    clock: systemClock,
    signal,
    checkIntervalMs: 10,
    recordChecks: async () => undefined,
  }),
  align: async (record) => {
    if (record.state.current === null) stop.abort();
  },
  onFailure: (_activity, error) => note(`failed: ${error}`),
});
await held.release();
await store.close();
