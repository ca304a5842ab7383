/** The leader's claim on a registry: whoever raised the term last may write, and nobody else. */
import { type Compare, type Store, StoreError } from '@orchestrator/store';
import { MasterError } from '../errors.ts';
import { termKey } from './storage.ts';

export interface Claim {
  readonly term: number;
  /** Holds while no other leader has raised the term. */
  readonly guard: Compare;
}

interface StoredTerm {
  readonly term: number;
  readonly owner: string;
  /** Tells our own claim from that of another with the same term, when no answer came. */
  readonly claim: string;
}

/** Rivals that claim at the same time make each other start over; more of them than there are masters is no accident. */
const mostAttempts = 20;

function readTerm(value: Buffer): StoredTerm {
  try {
    const stored = JSON.parse(value.toString()) as StoredTerm;
    if (Number.isSafeInteger(stored.term) && stored.term > 0) return stored;
  } catch (cause) {
    throw new MasterError('corrupt', `"${termKey}" in the store is no term of a master`, { cause });
  }
  throw new MasterError('corrupt', `"${termKey}" in the store holds no number above 0`);
}

/** Raises the term. Rejects with StoreError when the store does not answer. */
export async function claimTerm(store: Store, owner: string): Promise<Claim> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const current = await store.get(termKey);
    const term = current === undefined ? 1 : readTerm(current.value).term + 1;
    const claim = `${owner} after ${current?.revision ?? 0}`;
    const value = JSON.stringify({ term, owner, claim } satisfies StoredTerm);
    try {
      const swapped = await store.compareAndSwap(termKey, current?.revision ?? 0, value);
      if (swapped.swapped) return { term, guard: { key: termKey, revision: swapped.revision } };
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'outcome-unknown') throw error;
      const now = await store.get(termKey);
      if (now?.value.toString() === value) return { term, guard: { key: termKey, revision: now.revision } };
    }
  }
  throw new MasterError('unavailable', `${mostAttempts} other masters claimed the registry at the same time`);
}
