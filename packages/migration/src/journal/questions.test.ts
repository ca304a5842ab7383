import { join } from 'node:path';
import { silentLogger, systemClock } from '@orchestrator/runtime';
import { acquireLock, type Held, openStore, type Store } from '@orchestrator/store';
import { removeFolder, SimulatedClock, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MigrationError } from '../errors.ts';
import { answerQuestions, ask, type Question } from './questions.ts';
import { lockName, migrationKeys } from './record.ts';

const id = 'm1';
const question: Question = { kind: 'validate', phase: 1 };

let folder: string;
let store: Store;
let held: Held;
let ending: AbortController;

beforeEach(async () => {
  folder = await temporaryFolder('questions');
  store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
  held = await acquireLock({ store, name: lockName(id), owner: 'leader' });
  ending = new AbortController();
});

afterEach(async () => {
  ending.abort();
  await held.release();
  await store.close();
  await removeFolder(folder);
});

const asking = (signal = new AbortController().signal) =>
  ask({ store, id, question, clock: systemClock, signal });

const answering = (find: (question: Question) => Promise<unknown>, lead = held) =>
  answerQuestions({
    ...{ store, id, held: lead, clock: systemClock, logger: silentLogger, signal: ending.signal },
    find,
  });

const waiting = async () => (await store.list(migrationKeys.questions(id))).entries.length;

test('each question has its own answer, asked before or after the leader began to answer', async () => {
  const early = asking();
  await waitFor(async () => (await waiting()) === 1, { what: 'the question' });
  void answering(async (asked) => ({ asked }));
  expect(await early).toEqual({ asked: question });
  const many = await Promise.all(Array.from({ length: 10 }, () => asking()));
  expect(many).toEqual(Array(10).fill({ asked: question }));
  expect(await waiting()).toBe(0);
});

test('what the leader cannot answer is thrown with its code, words and remedy', async () => {
  void answering(async () => {
    throw new MigrationError('not-found', 'there is no phase 9', { remedy: 'the phases are 0 and 1' });
  });
  await expect(asking()).rejects.toMatchObject({
    code: 'not-found',
    message: 'there is no phase 9',
    remedy: 'the phases are 0 and 1',
  });
});

test('an answer that no store would take is an error, and not silence', async () => {
  void answering(async () => 'x'.repeat(2_000_000));
  await expect(asking()).rejects.toMatchObject({ code: 'limit' });
});

test('a leader that was deposed meanwhile answers nothing; its successor does', async () => {
  const found = Promise.withResolvers<unknown>();
  const asked = asking();
  const old = answering(() => found.promise);
  await waitFor(async () => (await waiting()) === 1, { what: 'the question' });
  await held.release();
  const successor = await acquireLock({ store, name: lockName(id), owner: 'successor' });
  found.resolve('from the deposed one');
  void answering(async () => 'from its successor', successor);
  expect(await asked).toBe('from its successor');
  ending.abort();
  await old;
  await successor.release();
});

test('who no longer waits leaves nothing behind, and too many at a time are refused', async () => {
  const leaving = new AbortController();
  const asked = Array.from({ length: 32 }, () => asking(leaving.signal).catch((error: Error) => error.name));
  await waitFor(async () => (await waiting()) === 32, { what: 'all questions' });
  await expect(asking()).rejects.toMatchObject({ code: 'limit' });
  leaving.abort();
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['AbortError']));
  expect(await waiting()).toBe(0);
});

test('without a leader the wait has an end', async () => {
  await held.release();
  const clock = new SimulatedClock();
  const asked = ask({ store, id, question, clock, signal: new AbortController().signal });
  const refused = expect(asked).rejects.toMatchObject({
    code: 'unavailable',
    message: `no coordinator leads migration ${id}`,
  });
  const ticking = setInterval(() => clock.advance(5_000), 10);
  await refused;
  clearInterval(ticking);
});
