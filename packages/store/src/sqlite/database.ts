/** The file: its layout, who may use it, and how its errors read. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';

/** `Orch` in ASCII: tells our files from other SQLite files. */
const applicationId = 0x4f726368;
const layoutVersion = 1;

const layout = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES ('revision', 1), ('compacted_revision', 0), ('compacted_sequence', 0), ('history_bytes', 0);
  CREATE TABLE entries (
    key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, revision INTEGER NOT NULL, lease INTEGER
  ) STRICT;
  CREATE INDEX entries_by_lease ON entries (lease) WHERE lease IS NOT NULL;
  -- What watches read. A deletion has no value.
  CREATE TABLE history (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER NOT NULL, key TEXT NOT NULL, value BLOB
  ) STRICT;
  CREATE INDEX history_by_revision ON history (revision);
  CREATE TABLE leases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ttl_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX leases_by_expiry ON leases (expires_at_ms);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${layoutVersion};
`;

/** Waiting for another process's write blocks this one, so SQLite waits only this long; the rest is waited outside. */
const lockWaitMs = 5;

/** Opens or creates the file, readable by its owner only. */
export function openDatabase(file: string): DatabaseSync {
  try {
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    return new DatabaseSync(file, { timeout: lockWaitMs });
  } catch (error) {
    throw describeError(file, error);
  }
}

/** Brings a fresh file to the current layout; throws for files that are not ours or newer than this program. */
export function prepareDatabase(file: string, database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec('BEGIN IMMEDIATE');
  try {
    const id = pragma(database, 'application_id');
    const version = pragma(database, 'user_version');
    const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
    if (id === 0 && tables === 0) database.exec(layout);
    else if (id !== applicationId) {
      throw new StoreError(`${file} is a SQLite database, but not an Orchestrator store`, {
        code: 'invalid',
        remedy: 'name another file',
      });
    } else if (version !== layoutVersion) {
      throw new StoreError(`${file} has layout ${version}, this program knows ${layoutVersion}`, {
        code: 'invalid',
        remedy: 'use the version of Orchestrator that wrote it, or a newer one',
      });
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

export function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** Primary result codes of SQLite. */
const resultCode = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
};

function resultOf(error: unknown): number | undefined {
  const code: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'errcode') : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  const result = resultOf(error);
  return result === resultCode.busy || result === resultCode.locked;
}

/** A `StoreError` that names the file. */
export function describeError(file: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const made = (code: 'unavailable' | 'corrupt' | 'internal', what: string, remedy?: string) =>
    new StoreError(`${file}: ${what} (${reason})`, {
      code,
      cause: error,
      ...(remedy === undefined ? {} : { remedy }),
    });
  switch (resultOf(error)) {
    case resultCode.busy:
    case resultCode.locked:
      return new StoreError(`${file} is locked by another process`, {
        code: 'unavailable',
        retryable: true,
        cause: error,
      });
    case resultCode.full:
      return made('unavailable', 'the disk is full', 'free space on its file system');
    case resultCode.ioerr:
      return made('unavailable', 'reading or writing failed', 'check the disk and the system log');
    case resultCode.readonly:
      return made('unavailable', 'cannot be written', 'check the permissions of the file and its folder');
    case resultCode.corrupt:
      return made('corrupt', 'is damaged', 'restore it from a copy');
    case resultCode.notADatabase:
      return made('corrupt', 'is not a SQLite database', 'name another file');
    default:
      return resultOf(error) === undefined || resultOf(error) === resultCode.cantOpen
        ? made('unavailable', 'cannot be opened', 'check the path and its permissions')
        : made('internal', 'failed');
  }
}
