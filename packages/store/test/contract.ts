/** What every store must do, whatever it is made of. */
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listPages, type Store, type StoreEvent, storeLimits } from '../src/index.ts';

export interface ContractSubject {
  /** A store on the same data each time: another process's view of it. */
  open(): Promise<Store>;
  close(): Promise<void>;
  /** Of a lease: short, as tests wait for its end, and long enough to be kept alive on a machine that is busy. */
  ttlMs: number;
}

async function take(events: AsyncIterable<StoreEvent>, count: number): Promise<StoreEvent[]> {
  const taken: StoreEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

const shown = (events: StoreEvent[]) =>
  events.map((event) => (event.type === 'put' ? `${event.key}=${event.value}` : `-${event.key}`));

export function storeContract(start: () => Promise<ContractSubject>): void {
  let subject: ContractSubject;
  let store: Store;
  let other: Store;
  let counter = 0;
  /** Keys of one test do not meet those of another. */
  const area = () => `test-${++counter}/`;

  beforeAll(async () => {
    subject = await start();
    store = await subject.open();
    other = await subject.open();
  });

  afterAll(async () => {
    await store?.close();
    await other?.close();
    await subject?.close();
  });

  test('what was put is got, here and elsewhere, with its revision', async () => {
    const key = `${area()}a`;
    expect(await store.get(key)).toBeUndefined();
    const revision = await store.put(key, 'one');
    expect(await other.get(key)).toEqual({ key, value: Buffer.from('one'), revision });
    const bytes = Buffer.from([0, 255, 128]);
    const second = await other.put(key, bytes);
    expect(second).toBeGreaterThan(revision);
    expect(await store.get(key)).toEqual({ key, value: bytes, revision: second });
  });

  test('an empty value is not an absent one', async () => {
    const key = `${area()}empty`;
    await store.put(key, '');
    expect((await store.get(key))?.value).toHaveLength(0);
    expect(shown(await take(store.watch(key, 1), 1))).toEqual([`${key}=`]);
  });

  test('compare-and-swap creates only what is absent and changes only what is unchanged', async () => {
    const key = `${area()}a`;
    const created = await store.compareAndSwap(key, 0, 'one');
    expect(created.swapped).toBe(true);
    const again = await other.compareAndSwap(key, 0, 'two');
    expect(again).toMatchObject({ swapped: false, current: { key, value: Buffer.from('one') } });
    const { revision } = created as { revision: number };
    expect(await other.compareAndSwap(key, revision, 'two')).toMatchObject({ swapped: true });
    expect(await store.compareAndSwap(key, revision, 'three')).toMatchObject({ swapped: false });
    const gone = await store.compareAndSwap(`${key}-none`, 7, 'x');
    expect(gone).toEqual({ swapped: false, current: undefined });
  });

  test('of many concurrent increments none is lost', async () => {
    const key = `${area()}counter`;
    await store.put(key, '0');
    const increment = async (through: Store): Promise<void> => {
      for (;;) {
        const entry = await through.get(key);
        const next = String(Number(entry?.value) + 1);
        if ((await through.compareAndSwap(key, entry?.revision ?? 0, next)).swapped) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => increment(index % 2 === 0 ? store : other)));
    expect((await store.get(key))?.value.toString()).toBe('20');
  });

  test('delete says whether it did, and can depend on the revision', async () => {
    const key = `${area()}a`;
    expect(await store.delete(key)).toBe(false);
    const first = await store.put(key, 'one');
    const second = await store.put(key, 'two');
    expect(await store.delete(key, { revision: first })).toBe(false);
    expect(await other.delete(key, { revision: second })).toBe(true);
    expect(await store.get(key)).toBeUndefined();
    await store.put(key, 'three');
    expect(await store.delete(key)).toBe(true);
  });

  test('a list is in the order of UTF-8 bytes, complete over pages, and holds its prefix only', async () => {
    const prefix = area();
    const names = [
      'a',
      'a/b',
      'a0',
      'b',
      'z',
      'ä',
      '\u{ffff}',
      '\u{1f600}',
      '\u{10ffff}',
      '\u{10ffff}x',
      '%',
      '_',
    ];
    for (const name of names) await store.put(`${prefix}${name}`, name);
    await store.put(`${prefix.slice(0, -1)}0`, 'after the prefix');
    const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const found: string[] = [];
    let pages = 0;
    for await (const page of listPages(other, prefix, 5)) {
      pages++;
      found.push(...page.entries.map((entry) => entry.value.toString()));
    }
    expect(found).toEqual(sorted);
    expect(pages).toBe(3);
    const exact = await store.list(prefix, { limit: names.length });
    expect(exact.more).toBe(false);
    expect((await store.list(`${prefix}none`)).entries).toEqual([]);
  });

  test('a list tells the revision from which to watch', async () => {
    const prefix = area();
    await store.put(`${prefix}a`, '1');
    const { revision } = await store.list(prefix);
    await other.put(`${prefix}a`, '2');
    expect(shown(await take(store.watch(prefix, revision + 1), 1))).toEqual([`${prefix}a=2`]);
  });

  test('a transaction does all or nothing, at one revision', async () => {
    const prefix = area();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => prefix + name) as [string, string, string];
    const revision = await store.put(a, '1');
    const done = await store.transaction(
      [
        { key: a, revision },
        { key: b, revision: 0 },
      ],
      [
        { type: 'put', key: b, value: '2' },
        { type: 'put', key: c, value: '3' },
        { type: 'delete', key: a },
      ],
    );
    expect(done.committed).toBe(true);
    const { entries } = await other.list(prefix);
    expect(entries.map((entry) => [entry.key, entry.revision])).toEqual([
      [b, (done as { revision: number }).revision],
      [c, (done as { revision: number }).revision],
    ]);
    const refused = await store.transaction([{ key: a, revision }], [{ type: 'put', key: c, value: 'no' }]);
    expect(refused).toEqual({ committed: false });
    expect((await store.get(c))?.value.toString()).toBe('3');
    expect((await store.transaction([{ key: c, revision: entries[1]?.revision ?? 0 }], [])).committed).toBe(
      true,
    );
  });

  test('a watch replays what was and then tells what comes, in order, each once', async () => {
    const prefix = area();
    const from = await store.put(`${prefix}a`, '1');
    await store.put(`${prefix}b`, '2');
    await store.put(`${prefix.slice(0, -1)}-not-ours`, 'x');
    const seen = take(store.watch(prefix, from), 60);
    await store.delete(`${prefix}a`);
    for (let count = 0; count < 57; count++) {
      await (count % 2 === 0 ? store : other).put(`${prefix}n`, String(count));
    }
    const events = await seen;
    expect(shown(events)).toEqual([
      `${prefix}a=1`,
      `${prefix}b=2`,
      `-${prefix}a`,
      ...Array.from({ length: 57 }, (_, count) => `${prefix}n=${count}`),
    ]);
    const revisions = events.map((event) => event.revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  });

  test('a slow reader misses nothing that is kept', async () => {
    const prefix = area();
    const from = await store.put(`${prefix}start`, '');
    const numbers: number[] = [];
    const reading = (async () => {
      for await (const event of other.watch(prefix, from + 1)) {
        if (event.type === 'put') numbers.push(Number(event.value));
        if (numbers.length === 500) return;
        if (numbers.length % 100 === 0) await pause(20);
      }
    })();
    for (let batch = 0; batch < 5; batch++) {
      const writes = Array.from({ length: 100 }, (_, index) => ({
        type: 'put' as const,
        key: `${prefix}${String(index).padStart(3, '0')}`,
        value: String(batch * 100 + index),
      }));
      await store.transaction([], writes);
    }
    await reading;
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });

  test('a signal ends a watch quietly', async () => {
    const abort = new AbortController();
    const seen = take(store.watch(area(), 1, { signal: abort.signal }), 1);
    await pause(30);
    abort.abort();
    expect(await seen).toEqual([]);
  });

  test('keys of a lease vanish when it is released, and a watch tells', async () => {
    const prefix = area();
    const lease = await store.lease({ ttlMs: 60_000 });
    const from = await store.put(`${prefix}a`, '1', { lease });
    await store.compareAndSwap(`${prefix}b`, 0, '2', { lease });
    await store.put(`${prefix}c`, '3', { lease });
    await store.put(`${prefix}c`, 'stays');
    await lease.release();
    expect(lease.lost.aborted).toBe(true);
    expect((await other.list(prefix)).entries.map((entry) => entry.key)).toEqual([`${prefix}c`]);
    const events = shown(await take(other.watch(prefix, from), 6)).slice(4);
    expect(events.toSorted()).toEqual([`-${prefix}a`, `-${prefix}b`]);
    await lease.release();
  });

  test('a lease lives as long as it is kept alive, and dies with its holder', async () => {
    const key = `${area()}alive`;
    const holder = await subject.open();
    const lease = await holder.lease({ ttlMs: subject.ttlMs });
    await holder.put(key, 'here', { lease });
    await pause(2.5 * subject.ttlMs);
    expect(lease.lost.aborted).toBe(false);
    expect(await store.get(key)).toBeDefined();
    await holder.close();
    expect(lease.lost.reason).toMatchObject({ code: 'closed' });
    await waitFor(async () => (await store.get(key)) === undefined, {
      what: 'the key to vanish with its lease',
    });
  });

  test('what hangs on a lease that is gone is refused', async () => {
    const lease = await store.lease({ ttlMs: 60_000 });
    await lease.release();
    await expect(store.put(`${area()}a`, 'x', { lease })).rejects.toMatchObject({ code: 'lease-lost' });
  });

  test('a value up to the limit is taken, one byte more is refused by the name of the limit', async () => {
    const key = `${area()}large`;
    const largest = Buffer.alloc(storeLimits.valueBytes, 7);
    await store.put(key, largest);
    expect((await other.get(key))?.value.equals(largest)).toBe(true);
    const tooLarge = Buffer.alloc(storeLimits.valueBytes + 1);
    await expect(store.put(key, tooLarge)).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('valueBytes = 1048576'),
    });
  });

  test('a transaction up to its limits is taken, beyond them it is refused', async () => {
    const prefix = area();
    const half = Buffer.alloc(700 * 1024);
    const put = (name: string, value: Buffer | string) => ({
      type: 'put' as const,
      key: prefix + name,
      value,
    });
    expect((await store.transaction([], [put('a', half), put('b', half)])).committed).toBe(true);
    await expect(
      store.transaction([], [put('a', half), put('b', half), put('c', half)]),
    ).rejects.toMatchObject({
      message: expect.stringContaining('transactionBytes'),
    });
    const most = Array.from({ length: storeLimits.transactionOperations }, (_, index) =>
      put(`n${index}`, ''),
    );
    expect((await store.transaction([], most)).committed).toBe(true);
    await expect(store.transaction([], [...most, put('more', '')])).rejects.toMatchObject({
      message: expect.stringContaining('transactionOperations'),
    });
    expect((await store.list(prefix, { limit: 200 })).entries).toHaveLength(130);
  });

  test('bad arguments are refused alike', async () => {
    const invalid = { code: 'invalid' };
    await expect(store.get('')).rejects.toMatchObject(invalid);
    await expect(store.put('a\0b', '')).rejects.toMatchObject(invalid);
    await expect(store.put('half \ud800 pair', '')).rejects.toMatchObject(invalid);
    await expect(store.put('k'.repeat(1025), '')).rejects.toMatchObject({ code: 'limit' });
    await expect(store.compareAndSwap('a', -1, '')).rejects.toMatchObject(invalid);
    await expect(store.list('', { limit: 0 })).rejects.toMatchObject(invalid);
    await expect(store.list('', { limit: 1001 })).rejects.toMatchObject({ code: 'limit' });
    await expect(store.lease({ ttlMs: 1 })).rejects.toMatchObject(invalid);
    const twice = { type: 'put', key: 'a', value: '' } as const;
    await expect(store.transaction([], [twice, twice])).rejects.toMatchObject(invalid);
  });

  test('after close, calls and watches end with "closed"', async () => {
    const own = await subject.open();
    const watching = take(own.watch(area(), 1), 1);
    const refused = expect(watching).rejects.toMatchObject({ code: 'closed' });
    await pause(30);
    await own.close();
    await own.close();
    await refused;
    await expect(own.get('a')).rejects.toMatchObject({ code: 'closed' });
  });
}
