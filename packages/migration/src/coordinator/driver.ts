/**
 * Performs one migration for as long as this coordinator leads it. It holds no state of its own: whatever has to go on is
 * read from the stored record, at the start, after every change of the record by anybody, and after every step.
 */
import { type Clock, createBackoff, type Logger, sleep } from '@orchestrator/runtime';
import { type Held, type Store, StoreError } from '@orchestrator/store';
import { failureOf, MigrationError } from '../errors.ts';
import { auditError, type Journal } from '../journal/journal.ts';
import { type MigrationRecord, migrationKeys } from '../journal/record.ts';
import type { BaseContext } from '../phases/define-phase.ts';
import { pendingActions } from '../phases/machine.ts';
import type { Activity, MachineEvent } from '../phases/machine-types.ts';
import { type PhaseSet, performActivity } from './perform.ts';

export interface DriverOptions<C extends BaseContext> {
  readonly id: string;
  readonly instance: string;
  readonly journal: Journal;
  readonly store: Store;
  readonly held: Held;
  /** Ends the driving; what is under way is interrupted and stays journaled. */
  readonly signal: AbortSignal;
  readonly phases: PhaseSet<C>;
  readonly clock: Clock;
  readonly logger: Logger;
  contextFor(record: MigrationRecord, activity: Activity, signal: AbortSignal): C;
  /** Called before anything is performed and after each change: brings what runs besides the steps in line. */
  align(record: MigrationRecord): Promise<void>;
  onFailure(activity: Activity, error: unknown): void;
}

interface Performing {
  readonly activity: Activity;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** Remembers a call that comes while nobody waits. */
class Wakeup {
  #pending = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#pending = true;
    this.#resolve?.();
  }

  async next(): Promise<void> {
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    }
    this.#pending = false;
    this.#resolve = undefined;
  }
}

const interruption = () => new MigrationError('cancelled', 'the step was told to stop');

const sameAttempt = (a: Activity, b: Activity | undefined) =>
  b !== undefined && a.attempt === b.attempt && a.mode === b.mode && a.step === b.step && a.phase === b.phase;

/** Resolves once this instance no longer leads or is told to stop, and nothing of its work is going on any more. */
export async function driveMigration<C extends BaseContext>(options: DriverOptions<C>): Promise<void> {
  const { id, journal, held, clock, logger } = options;
  const stop = AbortSignal.any([held.lost, options.signal]);
  const wakeup = new Wakeup();
  stop.addEventListener('abort', () => wakeup.wake(), { once: true });
  const following = followRecord(options, stop, () => wakeup.wake());
  let performing: Performing | undefined;

  const begin = (record: MigrationRecord, activity: Activity): Performing => {
    const abort = new AbortController();
    const ended = perform(options, record, activity, abort.signal).finally(() => {
      if (performing?.abort === abort) performing = undefined;
      wakeup.wake();
    });
    return { activity, abort, ended };
  };

  const backoff = createBackoff({ firstDelayMs: 100, maxDelayMs: 5_000 });
  while (!stop.aborted) {
    try {
      const { record } = await journal.read(id);
      const wanted = pendingActions(record.state).find((action) => action.kind === 'perform')?.activity;
      if (performing !== undefined && !sameAttempt(performing.activity, wanted)) {
        performing.abort.abort(interruption());
        await performing.ended;
        continue;
      }
      await options.align(record);
      if (performing === undefined && wanted !== undefined) performing = begin(record, wanted);
      backoff.reset();
      await wakeup.next();
    } catch (error) {
      if (stop.aborted || isLost(error)) break;
      logger.warn('cannot go on with the migration at the moment', { migration: id, error });
      await sleep(clock, backoff.nextDelayMs(), stop).catch(() => wakeup.wake());
    }
  }
  performing?.abort.abort(interruption());
  await performing?.ended;
  await following;
}

const isLost = (error: unknown) => error instanceof StoreError && error.code === 'lease-lost';

async function perform<C extends BaseContext>(
  options: DriverOptions<C>,
  record: MigrationRecord,
  activity: Activity,
  signal: AbortSignal,
): Promise<void> {
  const { phases, clock, logger, id } = options;
  const fields = { migration: id, ...activity };
  logger.info('step begins', fields);
  try {
    await performActivity(phases, activity, options.contextFor(record, activity, signal));
    await report(options, { kind: 'stepDone', nowMs: clock.nowMs(), activity }, undefined, signal);
    logger.info('step done', fields);
  } catch (error) {
    if (signal.aborted || isLost(error)) {
      logger.info('step interrupted', { ...fields, error });
      return;
    }
    logger.error('step failed', { ...fields, error });
    options.onFailure(activity, error);
    const event = { kind: 'stepFailed' as const, nowMs: clock.nowMs(), activity, failure: failureOf(error) };
    await report(options, event, error, signal);
  }
}

/** Stores how a step ended; tried again until it is stored or somebody else leads. */
async function report<C extends BaseContext>(
  options: DriverOptions<C>,
  event: MachineEvent & { kind: 'stepDone' | 'stepFailed' },
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { journal, id, instance, held, clock, logger } = options;
  const { phase, step, mode, attempt } = event.activity;
  const audit = {
    actor: `coordinator:${instance}`,
    action: event.kind === 'stepDone' ? 'step done' : 'step failed',
    details: { phase, step, mode, activity: attempt, term: held.term },
    ...(error === undefined ? {} : { error: auditError(error) }),
  };
  const backoff = createBackoff({ firstDelayMs: 50, maxDelayMs: 5_000 });
  for (;;) {
    try {
      await journal.apply(id, event, audit, held);
      return;
    } catch (failure) {
      if (signal.aborted || held.lost.aborted || isLost(failure)) return;
      logger.warn('the end of a step cannot be stored yet', { migration: id, error: failure });
      const waited = sleep(clock, backoff.nextDelayMs(), AbortSignal.any([signal, held.lost]));
      if (!(await waited.then(() => true).catch(() => false))) return;
    }
  }
}

/** Wakes the driver at every change of the record, whoever made it. */
async function followRecord<C extends BaseContext>(
  options: DriverOptions<C>,
  stop: AbortSignal,
  wake: () => void,
): Promise<void> {
  const { store, id, clock, logger } = options;
  const key = migrationKeys.record(id);
  const backoff = createBackoff({ firstDelayMs: 100, maxDelayMs: 5_000 });
  while (!stop.aborted) {
    try {
      const { revision } = await store.list(key, { limit: 1 });
      wake();
      for await (const event of store.watch(key, revision + 1, { signal: stop }))
        if (event.key === key) wake();
    } catch (error) {
      if (stop.aborted) return;
      logger.debug('the record is watched anew', { migration: id, error });
      await sleep(clock, backoff.nextDelayMs(), stop).catch(wake);
    }
  }
}
