/** Mutual exclusion and leadership among processes that share a store. */
import {
  type Clock,
  createBackoff,
  type Random,
  sleep,
  systemClock,
  systemRandom,
} from '@orchestrator/runtime';
import { StoreError } from './errors.ts';
import type { Lease } from './lease.ts';
import type { Compare, Store, TransactionResult, Write } from './store.ts';

export interface LockOptions {
  store: Store;
  /** Contenders for one name exclude each other. */
  name: string;
  /** Who we are, for people that ask who holds it: a host and process, say. */
  owner: string;
  /** How long others wait after the holder has died. Default 10 000; see `LeaseOptions.ttlMs`. */
  ttlMs?: number;
  clock?: Clock;
  random?: Random;
}

/** A lock, or leadership, that is ours until `lost` aborts. */
export interface Held {
  readonly name: string;
  /** Fencing term: rises by one with every holder, for ever. Give it to systems that can refuse an older one. */
  readonly term: number;
  /** Aborts when it is lost or released. A stopped process learns it late, so fence what you write. */
  readonly lost: AbortSignal;
  /** Holds only while the lock is ours: a compare for transactions on the same store. */
  readonly guard: Compare;
  /**
   * A transaction that does nothing unless the lock is still ours.
   * @throws StoreError `lease-lost` when it is not.
   */
  transaction(compares: readonly Compare[], writes: readonly Write[]): Promise<TransactionResult>;
  /** Gives it up at once; idempotent. */
  release(): Promise<void>;
}

export interface Holder {
  owner: string;
  term: number;
}

const defaultTtlMs = 10_000;

const holderKey = (name: string) => `locks/${name}/holder`;
const termKey = (name: string) => `locks/${name}/term`;

/** Takes the lock if it is free; else resolves to undefined. */
export async function tryAcquireLock(options: LockOptions): Promise<Held | undefined> {
  const { store, name, ttlMs = defaultTtlMs } = options;
  if ((await store.get(holderKey(name))) !== undefined) return undefined;
  const lease = await store.lease({ ttlMs });
  try {
    const held = await take(options, lease);
    if (held !== undefined) return held;
  } catch (error) {
    await dropLease(lease);
    throw error;
  }
  await dropLease(lease);
  return undefined;
}

/** A lease that cannot be told to end does so by itself; what matters is why it is dropped. */
async function dropLease(lease: Lease): Promise<void> {
  await lease.release().catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
  });
}

async function take({ store, name, owner }: LockOptions, lease: Lease): Promise<Held | undefined> {
  const holder = holderKey(name);
  const counter = await store.get(termKey(name));
  const term = counter === undefined ? 1 : readTerm(name, counter.value) + 1;
  const compares = [
    { key: holder, revision: 0 },
    { key: termKey(name), revision: counter?.revision ?? 0 },
  ];
  const value = JSON.stringify({ owner, term, lease: lease.id });
  const writes: Write[] = [
    { type: 'put', key: termKey(name), value: String(term) },
    { type: 'put', key: holder, value, lease },
  ];
  const revision = await commitOrLookUp(store, compares, writes, holder, value);
  return revision === undefined ? undefined : holding(store, name, lease, term, { key: holder, revision });
}

/** @returns the revision at which `key` became `value`. */
async function commitOrLookUp(
  store: Store,
  compares: readonly Compare[],
  writes: readonly Write[],
  key: string,
  value: string,
): Promise<number | undefined> {
  try {
    const result = await store.transaction(compares, writes);
    return result.committed ? result.revision : undefined;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'outcome-unknown') throw error;
    // The value holds our lease's id, so nobody else can have written it.
    const current = await store.get(key);
    return current?.value.toString() === value ? current.revision : undefined;
  }
}

function readTerm(name: string, value: Buffer): number {
  const term = Number(value.toString());
  if (Number.isSafeInteger(term) && term > 0) return term;
  throw new StoreError(`the term of lock "${name}" reads "${value.toString().slice(0, 40)}", not a number`, {
    code: 'corrupt',
    remedy: `set key "${termKey(name)}" to a number higher than every term that was used`,
  });
}

function holding(store: Store, name: string, lease: Lease, term: number, guard: Compare): Held {
  return {
    name,
    term,
    guard,
    lost: lease.lost,
    release: () => lease.release(),
    async transaction(compares, writes) {
      const result = await store.transaction([guard, ...compares], writes);
      if (result.committed) return result;
      if ((await store.get(guard.key))?.revision === guard.revision) return result;
      throw new StoreError(`lock "${name}" is no longer ours (term ${term})`, { code: 'lease-lost' });
    },
  };
}

/**
 * Waits until the lock is ours. Outages of the store are waited through; other errors, and the signal's reason when it
 * aborts, are thrown.
 */
export async function acquireLock(options: LockOptions & { signal?: AbortSignal }): Promise<Held> {
  const { signal, clock = systemClock, random = systemRandom } = options;
  const backoff = createBackoff({ firstDelayMs: 50, maxDelayMs: 2000, random });
  for (;;) {
    signal?.throwIfAborted();
    try {
      const held = await tryAcquireLock(options);
      if (held !== undefined) {
        if (signal?.aborted !== true) return held;
        await held.release();
        continue;
      }
      await untilFree(options, signal);
      backoff.reset();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(clock, backoff.nextDelayMs(), signal);
    }
  }
}

const passing = new Set(['unavailable', 'outcome-unknown', 'compacted', 'lease-lost']);

const isPassing = (error: unknown) => error instanceof StoreError && passing.has(error.code);

async function untilFree({ store, name }: LockOptions, signal: AbortSignal | undefined): Promise<void> {
  const key = holderKey(name);
  const { entries, revision } = await store.list(key, { limit: 1 });
  if (entries[0]?.key !== key) return;
  for await (const event of store.watch(key, revision + 1, signal === undefined ? {} : { signal })) {
    if (event.key === key && event.type === 'delete') return;
  }
}

/** Who holds the lock now. */
export async function readLock(store: Store, name: string): Promise<Holder | undefined> {
  const entry = await store.get(holderKey(name));
  if (entry === undefined) return undefined;
  const { owner, term } = JSON.parse(entry.value.toString()) as Holder;
  return { owner, term };
}
