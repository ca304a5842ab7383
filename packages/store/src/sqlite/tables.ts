/** The statements on the file, each within the transaction that the caller has opened. No time, no waiting. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Entry, StoreEvent } from '../store.ts';

export interface HistoryLimits {
  events: number;
  bytes: number;
}

export interface HistoryPage {
  events: StoreEvent[];
  /** Everything up to this sequence number has been seen. */
  sequence: number;
}

/** A put or, without a value, a deletion. */
export interface Change {
  key: string;
  value?: Buffer;
  lease?: string;
}

type Row = Record<string, SQLOutputValue>;

/** Greater than every continuation of `?1`: no UTF-8 text contains the byte FF. */
const afterPrefix = `?1 || CAST(x'ff' AS TEXT)`;

const toBuffer = (value: SQLOutputValue | undefined): Buffer => {
  const bytes = value instanceof Uint8Array ? value : new Uint8Array();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

const toEntry = (row: Row): Entry => ({
  key: String(row.key),
  value: toBuffer(row.value),
  revision: Number(row.revision),
});

function toEvent(row: Row): StoreEvent {
  const { key, revision } = { key: String(row.key), revision: Number(row.revision) };
  return row.value === null
    ? { type: 'delete', key, revision }
    : { type: 'put', key, revision, value: toBuffer(row.value) };
}

export type Tables = ReturnType<typeof openTables>;

export function openTables(database: DatabaseSync, limits: HistoryLimits) {
  const sql = {
    meta: database.prepare('SELECT value FROM meta WHERE name = ?1'),
    setMeta: database.prepare('UPDATE meta SET value = ?2 WHERE name = ?1'),
    get: database.prepare('SELECT key, value, revision FROM entries WHERE key = ?1'),
    revisionOf: database.prepare('SELECT revision FROM entries WHERE key = ?1'),
    list: database.prepare(
      `SELECT key, value, revision FROM entries
       WHERE key >= ?1 AND key < ${afterPrefix} AND key > ?2 ORDER BY key LIMIT ?3`,
    ),
    put: database.prepare(
      `INSERT INTO entries (key, value, revision, lease) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (key) DO UPDATE SET value = ?2, revision = ?3, lease = ?4`,
    ),
    remove: database.prepare('DELETE FROM entries WHERE key = ?1'),
    keysOfLease: database.prepare('SELECT key FROM entries WHERE lease = ?1'),
    remember: database.prepare('INSERT INTO history (revision, key, value) VALUES (?1, ?2, ?3)'),
    newest: database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'history'`),
    oldest: database.prepare(
      'SELECT sequence, revision, length(value) AS bytes FROM history ORDER BY sequence LIMIT 1',
    ),
    forget: database.prepare('DELETE FROM history WHERE sequence = ?1'),
    history: database.prepare(
      `SELECT sequence, revision, key, value FROM history
       WHERE sequence > ?2 AND revision >= ?3 AND key >= ?1 AND key < ${afterPrefix} ORDER BY sequence LIMIT ?4`,
    ),
    grant: database.prepare('INSERT INTO leases (ttl_ms, expires_at_ms) VALUES (?1, ?2) RETURNING id'),
    renew: database.prepare('UPDATE leases SET expires_at_ms = ?2 + ttl_ms WHERE id = ?1'),
    leaseExists: database.prepare('SELECT 1 FROM leases WHERE id = ?1'),
    revoke: database.prepare('DELETE FROM leases WHERE id = ?1'),
    // A lease that expires later than its time allows comes from before the clock was set back.
    due: database.prepare('SELECT id FROM leases WHERE expires_at_ms <= ?1'),
    clamp: database.prepare(
      'UPDATE leases SET expires_at_ms = ?1 + ttl_ms WHERE expires_at_ms > ?1 + ttl_ms',
    ),
  };

  const meta = (name: string) => Number(sql.meta.get(name)?.value);

  const revisionOf = (key: string) => Number(sql.revisionOf.get(key)?.revision ?? 0);

  const forgetOldest = (newest: number): void => {
    let bytes = meta('history_bytes');
    let last: Row | undefined;
    for (;;) {
      const row = sql.oldest.get();
      if (row === undefined) break;
      if (newest - Number(row.sequence) < limits.events && bytes <= limits.bytes) break;
      sql.forget.run(Number(row.sequence));
      bytes -= Number(row.bytes ?? 0);
      last = row;
    }
    if (last === undefined) return;
    sql.setMeta.run('history_bytes', bytes);
    sql.setMeta.run('compacted_revision', Number(last.revision));
    sql.setMeta.run('compacted_sequence', Number(last.sequence));
  };

  const newestSequence = () => Number(sql.newest.get()?.seq ?? 0);

  /** Applies changes at one new revision; deletions of absent keys change nothing. */
  const apply = (changes: readonly Change[]): { revision: number; changed: number } => {
    const effective = changes.filter(({ key, value }) => value !== undefined || revisionOf(key) > 0);
    const before = meta('revision');
    if (effective.length === 0) return { revision: before, changed: 0 };
    const revision = before + 1;
    let bytes = 0;
    for (const { key, value, lease } of effective) {
      if (value === undefined) sql.remove.run(key);
      else sql.put.run(key, value, revision, lease === undefined ? null : Number(lease));
      sql.remember.run(revision, key, value ?? null);
      bytes += value?.byteLength ?? 0;
    }
    sql.setMeta.run('revision', revision);
    sql.setMeta.run('history_bytes', meta('history_bytes') + bytes);
    forgetOldest(newestSequence());
    return { revision, changed: effective.length };
  };

  const revoke = (lease: string): void => {
    sql.revoke.run(Number(lease));
    apply(sql.keysOfLease.all(Number(lease)).map((row) => ({ key: String(row.key) })));
  };

  return {
    apply,
    revoke,
    revisionOf,
    revision: () => meta('revision'),
    compactedRevision: () => meta('compacted_revision'),
    compactedSequence: () => meta('compacted_sequence'),
    newestSequence,
    get(key: string): Entry | undefined {
      const row = sql.get.get(key);
      return row === undefined ? undefined : toEntry(row);
    },
    list: (prefix: string, after: string, limit: number): Entry[] =>
      sql.list.all(prefix, after, limit).map(toEntry),
    history(prefix: string, afterSequence: number, fromRevision: number, limit: number): HistoryPage {
      const rows = sql.history.all(prefix, afterSequence, fromRevision, limit);
      const full = rows.length === limit;
      return { events: rows.map(toEvent), sequence: full ? Number(rows.at(-1)?.sequence) : newestSequence() };
    },
    grant: (ttlMs: number, nowMs: number): string => String(sql.grant.get(ttlMs, nowMs + ttlMs)?.id),
    renew: (lease: string, nowMs: number): boolean => sql.renew.run(Number(lease), nowMs).changes === 1,
    leaseExists: (lease: string): boolean => sql.leaseExists.get(Number(lease)) !== undefined,
    dueLeases: (nowMs: number): string[] => sql.due.all(nowMs).map((row) => String(row.id)),
    clampLeases: (nowMs: number): void => void sql.clamp.run(nowMs),
  };
}
