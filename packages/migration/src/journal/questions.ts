/**
 * What only the leading coordinator can answer, asked of any: the question waits in the store until it has. So coordinators
 * need not reach each other, and a question outlives a take-over.
 */
import { randomUUID } from 'node:crypto';
import {
  type Clock,
  createBackoff,
  type ErrorCode,
  errorTable,
  type Logger,
  OrchestratorError,
  sleep,
} from '@orchestrator/runtime';
import { type Entry, type Held, readLock, type Store, StoreError } from '@orchestrator/store';
import { type Failure, failureOf, MigrationError, tellable } from '../errors.ts';
import { toJson } from './json.ts';
import { lockName, migrationKeys } from './record.ts';

export type Question =
  | { readonly kind: 'validate'; readonly phase: number | 'current' }
  | { readonly kind: 'verify'; readonly actor: string; readonly repair: boolean };

type Answer = { readonly value: unknown } | { readonly failure: Failure };

interface Asked {
  readonly question: Question;
  readonly answer: (Answer & { readonly timeMs: number }) | null;
}

/** Of one migration, at a time. */
const mostQuestions = 32;
/** Whoever asked and has died is not answered any more after this. */
const questionTtlMs = 10_000;
/** A take-over is over by then. */
const longestWithoutLeaderMs = 60_000;
const leaderPollMs = 1_000;
/** Whoever asked reads it at once, and then removes it. */
const answerKeptMs = 600_000;

const parse = ({ value }: Pick<Entry, 'value'>): Asked => JSON.parse(value.toString('utf8'));

export interface AskOptions {
  readonly store: Store;
  readonly id: string;
  readonly question: Question;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the leading coordinator's answer, however long that takes.
 *
 * @throws OrchestratorError with the leader's code and words when it could not answer; MigrationError `unavailable` when
 *   none leads, `limit` when too many questions wait
 */
export async function ask({ store, id, question, clock, signal }: AskOptions): Promise<unknown> {
  const { entries } = await store.list(migrationKeys.questions(id), { limit: 2 * mostQuestions });
  if (entries.filter((entry) => parse(entry).answer === null).length >= mostQuestions)
    throw new MigrationError('limit', `${mostQuestions} questions about migration ${id} wait already`, {
      remedy: 'try again when some are answered',
    });
  const key = migrationKeys.questions(id) + randomUUID();
  const lease = await store.lease({ ttlMs: questionTtlMs });
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const watching = watchLeader(store, id, clock, until).catch((error: unknown) => ended.abort(error));
  try {
    const revision = await store.put(key, toJson({ question, answer: null } satisfies Asked), { lease });
    for await (const event of store.watch(key, revision + 1, { signal: until })) {
      if (event.type === 'delete')
        throw new MigrationError('unavailable', 'the question was lost with its lease', {
          remedy: 'ask again',
        });
      const { answer } = parse(event);
      if (answer !== null) return read(answer);
    }
    until.throwIfAborted();
    throw new MigrationError('cancelled', 'the question was not waited for');
  } finally {
    ended.abort();
    await watching;
    await store.delete(key).catch(() => false); // an answer that stays is removed by the leader later
    await lease.release().catch(() => undefined); // it ends by itself
  }
}

function read(answer: Answer): unknown {
  if ('value' in answer) return answer.value;
  const { code, message, remedy } = answer.failure;
  const known = Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'internal';
  throw new OrchestratorError(message, { code: known, ...(remedy === null ? {} : { remedy }) });
}

/** @throws MigrationError `unavailable` when there has been no leader for too long */
async function watchLeader(store: Store, id: string, clock: Clock, signal: AbortSignal): Promise<void> {
  let seenMs = clock.monotonicMs();
  while (!signal.aborted) {
    if ((await readLock(store, lockName(id))) !== undefined) seenMs = clock.monotonicMs();
    if (clock.monotonicMs() - seenMs > longestWithoutLeaderMs)
      throw new MigrationError('unavailable', `no coordinator leads migration ${id}`, {
        remedy: 'see the logs of the coordinators, and status',
      });
    await sleep(clock, leaderPollMs, signal).catch(() => undefined); // aborted: the loop ends
  }
}

export interface AnswerOptions {
  readonly store: Store;
  readonly id: string;
  readonly held: Held;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the answering; what is not answered waits for the next leader. */
  readonly signal: AbortSignal;
  find(question: Question): Promise<unknown>;
}

/** Answers what is asked of others, for as long as this coordinator leads. */
export async function answerQuestions(options: AnswerOptions): Promise<void> {
  const { store, id, clock, logger, signal } = options;
  const prefix = migrationKeys.questions(id);
  const answering = new Map<string, Promise<void>>();
  const take = ({ key, value, revision }: Entry) => {
    if (parse({ value }).answer !== null || answering.has(key)) return;
    const answered = answer(options, { key, value, revision }).finally(() => answering.delete(key));
    answering.set(key, answered);
  };
  const backoff = createBackoff({ firstDelayMs: 100, maxDelayMs: 5_000 });
  while (!signal.aborted) {
    try {
      const { entries, revision } = await store.list(prefix, { limit: 2 * mostQuestions });
      await removeOld(store, entries, clock.nowMs());
      for (const entry of entries) take(entry);
      for await (const event of store.watch(prefix, revision + 1, { signal })) {
        if (event.type === 'put') take(event);
        backoff.reset();
      }
    } catch (error) {
      if (signal.aborted) break;
      logger.debug('questions are watched anew', { error });
      await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // aborted: the loop ends
    }
  }
  await Promise.all(answering.values());
}

async function removeOld(store: Store, entries: readonly Entry[], nowMs: number): Promise<void> {
  for (const { key, value, revision } of entries) {
    const { answer: given } = parse({ value });
    if (given !== null && nowMs - given.timeMs > answerKeptMs) await store.delete(key, { revision });
  }
}

/** Nothing is written when the question is gone by then, or somebody else leads. */
async function answer(options: AnswerOptions, { key, value, revision }: Entry): Promise<void> {
  const { held, clock, logger, signal, find } = options;
  const { question } = parse({ value });
  const found = await find(question).then(
    (result): Answer => ({ value: result }),
    (error: unknown): Answer => ({ failure: failureOf(tellable(error)) }),
  );
  if (signal.aborted) return;
  const write = (given: Answer) => {
    const answered = { question, answer: { ...given, timeMs: clock.nowMs() } } satisfies Asked;
    return held.transaction([{ key, revision }], [{ type: 'put', key, value: toJson(answered) }]);
  };
  const tooLong = { failure: failureOf(new MigrationError('limit', 'the answer is too long for the store')) };
  await write(found)
    .catch((error: unknown) => {
      if (error instanceof StoreError && error.code === 'limit') return write(tooLong);
      throw error;
    })
    .catch((error: unknown) => logger.warn('a question was not answered', { ...question, error }));
}
