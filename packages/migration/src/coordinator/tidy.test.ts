import { join } from 'node:path';
import { acquireLock, type Held, openStore, type Store } from '@orchestrator/store';
import { removeFolder, SimulatedClock, temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal } from '../journal/journal.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { Cluster, Facts } from '../phases/context.ts';
import { initialState } from '../phases/machine.ts';
import { createFacts } from './facts.ts';
import { createTidy } from './tidy.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const id = 'm1';

let folder: string;
let store: Store;
let held: Held;
let clock: SimulatedClock;
let journal: Journal;
let facts: Facts;
let record: MigrationRecord;

beforeEach(async () => {
  folder = await temporaryFolder('tidy');
  store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
  held = await acquireLock({ store, name: 'lead', owner: 'test' });
  clock = new SimulatedClock();
  journal = new Journal({ store, clock });
  facts = createFacts(journal, id, held);
  const plan = { phases: [], manualApproval: true, rollbackRetentionMs: 72 * hourMs };
  const config = {} as MigrationRecord['config'];
  const created = {
    id,
    name: 'm',
    createdMs: clock.nowMs(),
    createdBy: 'ann',
    config,
    plan,
    state: initialState,
  };
  record = await journal.create(created, { actor: 'ann', action: 'create', details: {} });
});

afterEach(async () => {
  await held.release();
  await store.close();
  await removeFolder(folder);
});

/** Reached only to be tidied up; refuses, so that it is seen that it was reached. */
const untouchable = {
  access: async () => {
    throw new Error('the target was reached');
  },
} as unknown as Cluster;

const tidy = () => createTidy({ target: untouchable, facts, journal, held, clock });

test('the target is left alone as long as there is a way back, and then tidied up once', async () => {
  const completed = {
    ...record,
    state: { ...record.state, status: 'completed' as const, completedMs: clock.nowMs() },
  };
  expect(await tidy()(completed)).toBe(false);
  clock.advance(72 * hourMs);
  expect(await tidy()(completed)).toBe(false);
  clock.advance(1);
  await expect(tidy()(completed)).rejects.toThrow('the target was reached');
  await facts.put('tidied', { timeMs: 1 });
  expect(await tidy()(completed)).toBe(false);
});

test('rolled back, failed or running, nothing is tidied up however long it takes', async () => {
  clock.advance(1_000 * hourMs);
  for (const status of ['rolled-back', 'failed', 'running', 'paused', 'awaiting-approval'] as const)
    expect(await tidy()({ ...record, state: { ...record.state, status } })).toBe(false);
});

test('audit entries are kept for a year, looked at daily, and what is left is still proven', async () => {
  for (let n = 0; n < 250; n++) await journal.audit(id, { actor: 'ann', action: 'old', details: { n } });
  clock.advance(100 * dayMs);
  for (let n = 0; n < 5; n++) await journal.audit(id, { actor: 'ann', action: 'newer', details: { n } });
  const tidied = tidy();
  const count = async () => (await journal.auditPage(id, { limit: 1_000 })).entries.length;
  clock.advance(265 * dayMs);
  await tidied(record);
  expect(await count()).toBe(256);
  // A year to the day is kept; looked at again after a day and not before.
  clock.advance(1);
  await tidied(record);
  expect(await count()).toBe(256);
  clock.advance(dayMs);
  await tidied(record);
  const { entries } = await journal.auditPage(id, { limit: 1_000 });
  expect(entries.map(({ action }) => action)).toEqual(Array(5).fill('newer'));
  expect(await journal.verifyAudit(id)).toMatchObject({ intact: true, entries: 5 });
  await journal.audit(id, { actor: 'ann', action: 'after', details: {} });
  expect(await journal.verifyAudit(id)).toMatchObject({ intact: true, entries: 6 });
});
