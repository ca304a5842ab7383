/** Contends for the lead, leads while it can, and begins again: until it is stopped. */
import { type Clock, createBackoff, type Logger, type Random, sleep } from '@orchestrator/runtime';
import { acquireLock, type Held, type Store, tryAcquireLock } from '@orchestrator/store';
import { reasonOf } from '../errors.ts';
import { leadershipName } from '../store/keys.ts';

export interface LeadershipOptions {
  readonly store: Store;
  readonly migrationId: string;
  readonly instance: string;
  readonly leaseMs: number;
  /** One period as the leader; resolves with why it ended. Must stop writing when `lock.lost` aborts. */
  readonly lead: (lock: Held) => Promise<'again' | 'done'>;
  readonly onStandby: () => void;
  readonly onProblem: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** After a failure another instance gets a chance; the same one waits longer each time. */
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** Resolves once stopped or done. `first`: a lock taken already. */
export async function contend(options: LeadershipOptions, first: Held | undefined): Promise<void> {
  const { signal, clock, random, logger } = options;
  const backoff = createBackoff({ firstDelayMs: firstPauseMs, maxDelayMs: longestPauseMs, random });
  let lock = first;
  while (!signal.aborted) {
    try {
      if (lock === undefined) options.onStandby();
      lock ??= await acquireLock({ ...lockOptions(options), signal });
      logger.info('this instance leads', { term: lock.term });
      const next = await options.lead(lock);
      if (next === 'done') return;
      backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      options.onProblem(error);
      logger.error('leading has failed; tried again after a pause', { reason: reasonOf(error), error });
      await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // aborted: the loop ends
    } finally {
      await lock
        ?.release()
        .catch((error) => logger.warn('the lease runs out by itself', { reason: reasonOf(error) }));
      lock = undefined;
    }
  }
}

/** The lock if nobody holds it. */
export function tryToLead(options: LeadershipOptions): Promise<Held | undefined> {
  return tryAcquireLock(lockOptions(options));
}

function lockOptions({ store, migrationId, instance, leaseMs, clock, random }: LeadershipOptions) {
  return { store, name: leadershipName(migrationId), owner: instance, ttlMs: leaseMs, clock, random };
}
