import type { DatabaseSync } from 'node:sqlite';
import { type Clock, createBackoff, type Random, sleep } from '@orchestrator/runtime';
import { closedError } from '../errors.ts';
import { describeError, isBusy } from './database.ts';

export type Access = ReturnType<typeof createAccess>;

/** Transactions on the file. SQLite's calls block, so waiting for another process's lock is done out here. */
export function createAccess(options: {
  file: string;
  database: DatabaseSync;
  clock: Clock;
  random: Random;
  busyTimeoutMs: number;
}) {
  const { file, database, clock, random, busyTimeoutMs } = options;

  const whenFree = async <T>(work: () => T): Promise<T> => {
    const deadlineMs = clock.monotonicMs() + busyTimeoutMs;
    const backoff = createBackoff({ firstDelayMs: 2, maxDelayMs: 50, random });
    for (;;) {
      if (!database.isOpen) throw closedError();
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || clock.monotonicMs() >= deadlineMs) throw describeError(file, error);
      }
      await sleep(clock, backoff.nextDelayMs());
    }
  };

  const within = <T>(begin: string, work: () => T): Promise<T> =>
    whenFree(() => {
      database.exec(begin);
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    });

  return {
    whenFree,
    read: <T>(work: () => T) => within('BEGIN', work),
    write: <T>(work: () => T) => within('BEGIN IMMEDIATE', work),
  };
}
