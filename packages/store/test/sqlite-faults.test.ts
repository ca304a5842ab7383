import { chmodSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { SimulatedClock, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import { acquireLock, openSqliteStore, readLock, type Store } from '../src/index.ts';
import { startHolder } from './holder-process.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function newFile(): Promise<string> {
  return join(await temporaryFolder('sqlite-faults'), 'store.db');
}

async function open(...args: Parameters<typeof openSqliteStore>): Promise<Store> {
  const store = await openSqliteStore(...args);
  cleanUps.push(() => store.close());
  return store;
}

function holder(file: string, ttlMs: number) {
  const started = startHolder(`sqlite:${file}`, ttlMs);
  cleanUps.push(() => started.stop());
  return started;
}

test('kill -9 of a lock holder: another follows after its time, with a higher term', async () => {
  const file = await newFile();
  const ttlMs = 3_000;
  const first = holder(file, ttlMs);
  expect(await first.term()).toBe(1);
  await waitFor(() => first.writes() > 3, { what: 'the holder to work' });
  first.signal('SIGKILL');
  const killedAtMs = performance.now();
  const store = await open(file);
  expect((await readLock(store, 'job'))?.term).toBe(1);
  const second = await acquireLock({ store, name: 'job', owner: 'test', ttlMs });
  const waitedMs = performance.now() - killedAtMs;
  expect(second.term).toBe(2);
  expect(waitedMs).toBeGreaterThan(ttlMs / 2);
  const acknowledged = first.writes();
  const [, written] = String((await store.get('progress'))?.value)
    .split('/')
    .map(Number);
  expect(written).toBeGreaterThanOrEqual(acknowledged);
});

/** A process that is stopped within a write keeps the file locked: that one is let go on, and stopped again. */
async function stopBetweenWrites(process: ReturnType<typeof holder>, store: Store): Promise<void> {
  await waitFor(
    async () => {
      process.signal('SIGSTOP');
      await pause(20);
      const free = await store.put('probe', '').catch(() => undefined);
      if (free === undefined) process.signal('SIGCONT');
      return free;
    },
    { what: 'a holder to be stopped between two writes' },
  );
}

test('a holder that was stopped for longer than its time learns it, and cannot write', async () => {
  const file = await newFile();
  const ttlMs = 1_500;
  const first = holder(file, ttlMs);
  await waitFor(() => first.writes() > 3, { what: 'the holder to work' });
  const store = await open(file, { busyTimeoutMs: 100 });
  await stopBetweenWrites(first, store);
  const second = await acquireLock({ store, name: 'job', owner: 'test', ttlMs });
  await second.transaction([], [{ type: 'put', key: 'progress', value: 'by the second' }]);
  first.signal('SIGCONT');
  expect(await first.deposed()).toEqual({ deposed: 'lease-lost' });
  expect(String((await store.get('progress'))?.value)).toBe('by the second');
});

test('processes that die one after the other never share a term and lose no acknowledged write', async () => {
  const file = await newFile();
  const terms: number[] = [];
  const contenders = Array.from({ length: 3 }, () => holder(file, 2_000));
  const store = await open(file);
  for (let round = 0; round < 3; round++) {
    const leader = await waitFor(() => contenders.find(({ lines }) => lines.length > 1), {
      what: 'a leader',
    });
    contenders.splice(contenders.indexOf(leader), 1);
    terms.push(await leader.term());
    const others = contenders.filter(({ lines }) => lines.length > 0);
    expect(others).toEqual([]);
    leader.signal('SIGKILL');
    await leader.exit;
    const acknowledged = leader.writes();
    const [term, written] = String((await store.get('progress'))?.value)
      .split('/')
      .map(Number);
    expect([term, (written ?? 0) >= acknowledged]).toEqual([terms.at(-1), true]);
  }
  expect(terms).toEqual([1, 2, 3]);
});

test('while another process writes, calls wait without blocking; too long, and they say so', async () => {
  const file = await newFile();
  const store = await open(file, { busyTimeoutMs: 300 });
  const patient = await open(file, { busyTimeoutMs: 30_000 });
  await store.put('a', '1');
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  let turns = 0;
  const counting = setInterval(() => turns++, 5);
  const problem = {
    code: 'unavailable',
    retryable: true,
    message: expect.stringContaining('locked by another'),
  };
  await expect(store.put('a', '2')).rejects.toMatchObject(problem);
  clearInterval(counting);
  expect(turns).toBeGreaterThan(2);
  expect(String((await store.get('a'))?.value)).toBe('1');
  const waiting = patient.put('a', '3');
  await pause(50);
  other.exec('COMMIT');
  other.close();
  await waiting;
  expect(String((await store.get('a'))?.value)).toBe('3');
});

test('a watch that falls behind the kept history is told to list again', async () => {
  const file = await newFile();
  const store = await open(file, { historyEvents: 10 });
  const from = await store.put('k/0', '');
  const slow = store.watch('k/', from)[Symbol.asyncIterator]();
  expect((await slow.next()).value).toMatchObject({ key: 'k/0' });
  for (let count = 0; count < 20; count++) await store.put(`k/${count}`, '');
  const compacted = { code: 'compacted', remedy: expect.stringContaining('list again') };
  await expect(slow.next()).rejects.toMatchObject(compacted);
  await expect(store.watch('k/', from)[Symbol.asyncIterator]().next()).rejects.toMatchObject(compacted);
  const { revision } = await store.list('k/');
  const fresh = store.watch('k/', revision - 5)[Symbol.asyncIterator]();
  expect((await fresh.next()).value).toMatchObject({ revision: revision - 5 });
});

test('the history is bounded by bytes too', async () => {
  const file = await newFile();
  const store = await open(file, { historyBytes: 1024 * 1024 });
  for (let count = 0; count < 20; count++) await store.put('large', Buffer.alloc(500_000));
  await store.close();
  const database = new DatabaseSync(file);
  const kept = database.prepare('SELECT count(*) AS events, sum(length(value)) AS bytes FROM history').get();
  expect(kept).toEqual({ events: 2, bytes: 1_000_000 });
  database.close();
});

test('the wall clock decides about leases: forward ends them, backward does not keep them for ever', async () => {
  const file = await newFile();
  const clock = new SimulatedClock(1_000_000);
  const store = await open(file, { clock });
  const lease = await store.lease({ ttlMs: 1000 });
  await store.put('a', '', { lease });
  clock.jumpWallClock(2000);
  expect(await store.get('a')).toBeUndefined();
  await expect(store.put('a', '', { lease })).rejects.toMatchObject({ code: 'lease-lost' });

  const second = await store.lease({ ttlMs: 1000 });
  await store.put('b', '', { lease: second });
  clock.jumpWallClock(-100_000);
  expect(await store.get('b')).toBeDefined();
  await store.put('touch', ''); // any write notices that the lease would now live too long
  clock.jumpWallClock(1001);
  expect(await store.get('b')).toBeUndefined();
});

test('data survives, and its file is for its owner only', async () => {
  const file = await newFile();
  const first = await openSqliteStore(file);
  const revision = await first.put('a', 'kept');
  await first.close();
  const second = await open(file);
  expect(await second.get('a')).toMatchObject({ revision });
  expect(await second.put('a', 'next')).toBe(revision + 1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('files that are not ours, damaged, or newer are refused by name and left alone', async () => {
  const folder = await temporaryFolder('sqlite-foreign');
  const refuse = (name: string, code: string, text: string) =>
    expect(openSqliteStore(join(folder, name))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`${name}.*${text}`, 's')),
      remedy: expect.any(String),
    });
  writeFileSync(
    join(folder, 'text.db'),
    'this is not a database, but long enough to be read as one '.repeat(20),
  );
  await refuse('text.db', 'corrupt', 'not a SQLite database');

  const foreign = new DatabaseSync(join(folder, 'foreign.db'));
  foreign.exec('CREATE TABLE x (y)');
  foreign.close();
  await refuse('foreign.db', 'invalid', 'not an Orchestrator store');

  await (await openSqliteStore(join(folder, 'newer.db'))).close();
  const newer = new DatabaseSync(join(folder, 'newer.db'));
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  await refuse('newer.db', 'invalid', 'layout 99');

  mkdirSync(join(folder, 'directory.db'));
  await refuse('directory.db', 'unavailable', 'cannot be opened');
  await refuse('none/x.db', 'unavailable', 'cannot be opened');
  chmodSync(join(folder, 'text.db'), 0o600);
});

test('damage that is found while reading is told as such', async () => {
  const file = await newFile();
  const store = await openSqliteStore(file);
  for (let count = 0; count < 50; count++) await store.put(`k/${count}`, Buffer.alloc(10_000, count));
  await store.close();
  truncateSync(file, 40_000);
  const problem = { code: 'corrupt', message: expect.stringContaining(file) };
  await expect(
    (async () => {
      const damaged = await open(file);
      await damaged.list('k/');
    })(),
  ).rejects.toMatchObject(problem);
});
