import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLeaseGate } from './lease-gate.ts';
import { acquireLock, readLock } from './lock.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder('gate');
  store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
});

afterEach(async () => {
  await store.close();
  await removeFolder(folder);
});

test('behind the gate one reads, writes and waits, and leads once it is open and the lock is free', async () => {
  const gate = createLeaseGate(store);
  await gate.store.put('a', '1');
  expect((await gate.store.get('a'))?.value.toString()).toBe('1');
  const first = await acquireLock({ store, name: 'lead', owner: 'first' });
  const second = acquireLock({ store: gate.store, name: 'lead', owner: 'second' });
  await first.release();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await readLock(store, 'lead')).toBeUndefined();
  gate.open();
  gate.close();
  await second;
  expect(await readLock(store, 'lead')).toMatchObject({ owner: 'second', term: 2 });
});

test('whoever waits behind a gate that is closed is told', async () => {
  const gate = createLeaseGate(store);
  const waiting = acquireLock({ store: gate.store, name: 'lead', owner: 'late' });
  gate.close();
  await expect(waiting).rejects.toMatchObject({ code: 'closed' });
});
