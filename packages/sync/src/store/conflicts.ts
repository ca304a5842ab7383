/** Conflicts in the store: recorded before the losing value is overwritten, so that none is ever lost unseen. */
import { listPages, type Store } from '@orchestrator/store';
import type { Acl } from '@orchestrator/zookeeper';
import type { Conflict, NodeValue, Side } from '../core/types.ts';
import type { ConflictRecord } from '../engine-types.ts';
import { SyncError } from '../errors.ts';
import { hashed, prefixes } from './keys.ts';

/** A store's value holds both sides of a conflict, and a node may be as large as a value; a longer one is cut. */
const longestDataBytes = 256 * 1024;
/** What one list returns at most; older ones can be had by their id. */
const mostListed = 10_000;

interface StoredValue extends Omit<NodeValue, 'data' | 'mzxid'> {
  readonly data: string | null;
  readonly mzxid: string;
  readonly acl: readonly Acl[];
}

function packValue(value: NodeValue | null): StoredValue | null {
  if (value === null) return null;
  const data = value.data?.subarray(0, longestDataBytes).toString('base64') ?? null;
  return { ...value, data, mzxid: value.mzxid.toString() };
}

function unpackValue(value: StoredValue | null): NodeValue | null {
  if (value === null) return null;
  const data = value.data === null ? null : Buffer.from(value.data, 'base64');
  return { ...value, data, mzxid: BigInt(value.mzxid) };
}

const keyOf = (migrationId: string, id: string) => prefixes.conflicts(migrationId) + hashed(id);

function pack(record: ConflictRecord): string {
  return JSON.stringify({ ...record, source: packValue(record.source), target: packValue(record.target) });
}

function unpack(key: string, value: Buffer): ConflictRecord {
  try {
    const stored = JSON.parse(value.toString());
    return { ...stored, source: unpackValue(stored.source), target: unpackValue(stored.target) };
  } catch (error) {
    throw new SyncError('Unknown', `store key ${key} does not hold a conflict; delete it`, error);
  }
}

/**
 * A conflict met again after a crash has the same id and keeps its first record, unless that is settled: then it is open
 * once more. False: it was there.
 */
export async function recordConflict(
  store: Store,
  migrationId: string,
  conflict: Conflict,
  recordedMs: number,
): Promise<boolean> {
  const key = keyOf(migrationId, conflict.id);
  const record: ConflictRecord = { ...conflict, recordedMs, resolvedMs: null, carriedOutMs: null };
  const result = await store.compareAndSwap(key, 0, pack(record));
  if (!result.swapped && result.current !== undefined) {
    const { resolvedMs, carriedOutMs, recordedMs: firstMs } = unpack(key, result.current.value);
    if (resolvedMs !== null || carriedOutMs !== null)
      await store.put(key, pack({ ...record, recordedMs: firstMs }));
  }
  return result.swapped;
}

/** These need not be looked at after a restart. */
export async function noteCarriedOut(
  store: Store,
  migrationId: string,
  ids: readonly string[],
  carriedOutMs: number,
): Promise<void> {
  for (const id of ids) {
    const record = await findConflict(store, migrationId, id);
    if (record === undefined) continue;
    await store.put(keyOf(migrationId, id), pack({ ...record, carriedOutMs }));
  }
}

export async function findConflict(
  store: Store,
  migrationId: string,
  id: string,
): Promise<ConflictRecord | undefined> {
  const key = keyOf(migrationId, id);
  const entry = await store.get(key);
  return entry === undefined ? undefined : unpack(key, entry.value);
}

/** `held`: those that wait for an operator. */
export const isHeld = (record: ConflictRecord) => record.decision === 'held' && record.resolvedMs === null;

/** What a run begins with: what it has to leave alone, and what it has to carry out. Each in the order of recording. */
export async function readOpenConflicts(
  store: Store,
  migrationId: string,
): Promise<{ held: ConflictRecord[]; undone: ConflictRecord[] }> {
  const held: ConflictRecord[] = [];
  const undone: ConflictRecord[] = [];
  for await (const page of listPages(store, prefixes.conflicts(migrationId))) {
    for (const { key, value } of page.entries) {
      const record = unpack(key, value);
      if (isHeld(record)) held.push(record);
      else if (record.resolvedMs === null && record.carriedOutMs === null) undone.push(record);
    }
  }
  return { held: held.sort(byTime), undone: undone.sort(byTime) };
}

const byTime = (a: ConflictRecord, b: ConflictRecord) => a.recordedMs - b.recordedMs;

/** In the order of their recording. */
export async function listConflicts(
  store: Store,
  migrationId: string,
  options: { readonly held?: boolean } = {},
): Promise<ConflictRecord[]> {
  const found: ConflictRecord[] = [];
  for await (const page of listPages(store, prefixes.conflicts(migrationId))) {
    for (const { key, value } of page.entries) {
      const record = unpack(key, value);
      if (options.held === undefined || isHeld(record) === options.held) found.push(record);
    }
    if (found.length > mostListed) break;
  }
  return found.sort(byTime).slice(-mostListed);
}

export async function countConflicts(
  store: Store,
  migrationId: string,
): Promise<{ total: number; held: number }> {
  const count = { total: 0, held: 0 };
  for await (const page of listPages(store, prefixes.conflicts(migrationId))) {
    for (const { key, value } of page.entries) {
      count.total++;
      if (isHeld(unpack(key, value))) count.held++;
    }
  }
  return count;
}

/** What an operator has decided and the engine has not carried out yet. */
export interface Choice {
  readonly path: string;
  readonly winner: Side;
}

/** Kept until the path is settled, so that a restart in between does not forget it. */
export async function storeChoice(
  store: Store,
  migrationId: string,
  record: ConflictRecord,
  winner: Side,
): Promise<void> {
  const choice: Choice = { path: record.path, winner };
  await store.put(prefixes.choices(migrationId) + hashed(record.path), JSON.stringify(choice));
}

export async function readChoices(store: Store, migrationId: string): Promise<Choice[]> {
  const choices: Choice[] = [];
  for await (const page of listPages(store, prefixes.choices(migrationId))) {
    for (const { value } of page.entries) choices.push(JSON.parse(value.toString()) as Choice);
  }
  return choices;
}

/** The path has been settled as chosen: all that was held of it is resolved. */
export async function resolveHeld(
  store: Store,
  migrationId: string,
  path: string,
  resolvedMs: number,
): Promise<number> {
  const choiceKey = prefixes.choices(migrationId) + hashed(path);
  const choice = await store.get(choiceKey);
  const winner = choice === undefined ? undefined : (JSON.parse(choice.value.toString()) as Choice).winner;
  let resolved = 0;
  for (const record of await listConflicts(store, migrationId, { held: true })) {
    if (record.path !== path) continue;
    const settled = { ...record, decision: winner ?? record.decision, resolvedMs };
    await store.put(keyOf(migrationId, record.id), pack(settled));
    resolved++;
  }
  await store.delete(choiceKey);
  return resolved;
}
