/** What could not be carried, and the paths that a side refuses: one entry each, however often it is met. */
import { listPages, type Store } from '@orchestrator/store';
import type { Blocked, Side } from '../core/types.ts';
import type { LedgerEntry } from '../engine-types.ts';
import { hashed, prefixes } from './keys.ts';

/** How the core names the refused ACL of a path whose data goes through. */
export const aclSuffix = '//acl';

/** More entries say no more than so many do. */
const mostEntries = 10_000;

export async function recordLedger(store: Store, migrationId: string, entry: LedgerEntry): Promise<void> {
  const prefix = prefixes.ledger(migrationId);
  await store.compareAndSwap(prefix + hashed(entry.path, entry.what), 0, JSON.stringify(entry));
}

/** What could not be carried, and then what a side refuses at present. */
export async function readLedger(store: Store, migrationId: string): Promise<LedgerEntry[]> {
  const [entries, blocked] = await Promise.all([
    readAll<LedgerEntry>(store, prefixes.ledger(migrationId)),
    readBlocked(store, migrationId),
  ]);
  return [...entries, ...blocked.map(asEntry)];
}

function asEntry({ side, path, code, remedy, recordedMs }: StoredBlocked): LedgerEntry {
  const isAcl = path.endsWith(aclSuffix);
  return {
    path: isAcl ? path.slice(0, -aclSuffix.length) : path,
    what: `${isAcl ? 'ACL ' : ''}refused by the ${side}: ${code}`,
    why: remedy,
    recordedMs,
  };
}

type StoredBlocked = Blocked & { readonly recordedMs: number };

export async function recordBlocked(
  store: Store,
  migrationId: string,
  blocked: Blocked,
  recordedMs: number,
): Promise<void> {
  const stored: StoredBlocked = { ...blocked, recordedMs };
  await store.put(prefixes.blocked(migrationId, blocked.side) + hashed(blocked.path), JSON.stringify(stored));
}

export async function eraseBlocked(
  store: Store,
  migrationId: string,
  side: Side,
  path: string,
): Promise<void> {
  await store.delete(prefixes.blocked(migrationId, side) + hashed(path));
}

export async function readBlocked(store: Store, migrationId: string): Promise<StoredBlocked[]> {
  const sides = ['source', 'target'] as const;
  const found = await Promise.all(
    sides.map((side) => readAll<StoredBlocked>(store, prefixes.blocked(migrationId, side))),
  );
  return found.flat();
}

async function readAll<T>(store: Store, prefix: string): Promise<T[]> {
  const found: T[] = [];
  for await (const page of listPages(store, prefix)) {
    for (const { value } of page.entries) found.push(JSON.parse(value.toString()) as T);
    if (found.length >= mostEntries) break;
  }
  return found;
}
