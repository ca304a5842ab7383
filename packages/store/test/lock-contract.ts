/** What a lock must do on every store. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acquireLock, readLock, type Store, tryAcquireLock } from '../src/index.ts';
import type { ContractSubject } from './contract.ts';

export function lockContract(start: () => Promise<ContractSubject>): void {
  let subject: ContractSubject;
  let store: Store;
  let other: Store;

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

  const ask = (through: Store, name: string, owner: string) => ({
    ...{ store: through, name, owner },
    ttlMs: subject.ttlMs,
  });

  test('one holds, the other waits and follows with a higher term', async () => {
    const first = await acquireLock(ask(store, 'turns', 'one'));
    expect(await tryAcquireLock(ask(other, 'turns', 'two'))).toBeUndefined();
    expect(await readLock(other, 'turns')).toEqual({ owner: 'one', term: 1 });
    const waiting = acquireLock(ask(other, 'turns', 'two'));
    await pause(50);
    await first.release();
    expect(first.lost.aborted).toBe(true);
    const second = await waiting;
    expect(second.term).toBe(2);
    await second.release();
    await second.release();
    expect(await readLock(store, 'turns')).toBeUndefined();
  });

  test('contenders never hold together, and every term is used once', async () => {
    const terms: number[] = [];
    let holding = 0;
    let most = 0;
    const contend = async (through: Store, owner: string) => {
      for (let round = 0; round < 5; round++) {
        const held = await acquireLock(ask(through, 'contended', owner));
        holding++;
        most = Math.max(most, holding);
        terms.push(held.term);
        await pause(1);
        holding--;
        await held.release();
      }
    };
    await Promise.all([contend(store, 'a'), contend(other, 'b'), contend(store, 'c'), contend(other, 'd')]);
    expect(most).toBe(1);
    expect(terms).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('the lock of a holder that is gone passes on, and what it still writes is refused', async () => {
    const own = await subject.open();
    const first = await acquireLock(ask(own, 'deposed', 'one'));
    const write = [{ type: 'put', key: 'deposed/state', value: 'by one' } as const];
    expect((await first.transaction([], write)).committed).toBe(true);
    await own.close(); // stops its keep-alives, as a crash would
    const second = await acquireLock(ask(other, 'deposed', 'two'));
    expect(second.term).toBe(first.term + 1);
    // The deposed holder's guard, sent by whatever connection.
    expect(await store.transaction([first.guard], write)).toEqual({ committed: false });
    const done = await second.transaction([], [{ type: 'put', key: 'deposed/state', value: 'by two' }]);
    expect(done.committed).toBe(true);
    await second.release();
    await expect(second.transaction([], write)).rejects.toMatchObject({ code: 'lease-lost' });
    expect((await store.get('deposed/state'))?.value.toString()).toBe('by two');
  });

  test('other compares of a held transaction may fail without the lock being lost', async () => {
    const held = await acquireLock(ask(store, 'compares', 'one'));
    const result = await held.transaction([{ key: 'compares/none', revision: 99 }], []);
    expect(result).toEqual({ committed: false });
    await held.release();
  });

  test('a signal ends the waiting and leaves nothing behind', async () => {
    const first = await acquireLock(ask(store, 'given-up', 'one'));
    const abort = new AbortController();
    const waiting = acquireLock({ ...ask(other, 'given-up', 'two'), signal: abort.signal });
    const refused = expect(waiting).rejects.toThrow('enough');
    await pause(30);
    abort.abort(new Error('enough'));
    await refused;
    await first.release();
    expect(await readLock(store, 'given-up')).toBeUndefined();
  });
}
