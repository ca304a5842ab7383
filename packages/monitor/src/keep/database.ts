/** The monitor's own file: audit, accounts, history. Each part says what tables it wants. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { MonitorError } from '../errors.ts';

/** `OrMo` in ASCII: tells our files from other SQLite files. */
const applicationId = 0x4f724d6f;

const layout = `
  CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, principal TEXT NOT NULL, role TEXT NOT NULL,
    action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL, outcome TEXT, ended_ms INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, changed_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, node TEXT NOT NULL, metric TEXT NOT NULL, UNIQUE (node, metric)) STRICT;
  CREATE TABLE IF NOT EXISTS samples (
    resolution_ms INTEGER NOT NULL, bucket_ms INTEGER NOT NULL, series INTEGER NOT NULL,
    count INTEGER NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
    PRIMARY KEY (series, resolution_ms, bucket_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS samples_by_age ON samples (resolution_ms, bucket_ms);
  CREATE TABLE IF NOT EXISTS pictures (at_ms INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (at_ms, part)) STRICT;
  CREATE TABLE IF NOT EXISTS labels (
    topology TEXT NOT NULL, node TEXT NOT NULL, label TEXT NOT NULL, value TEXT NOT NULL, changed_ms INTEGER NOT NULL,
    PRIMARY KEY (topology, node, label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS saved_views (
    owner TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, saved_ms INTEGER NOT NULL, PRIMARY KEY (owner, name)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
`;

/** Another process's write is waited for this long; it blocks this one. */
const lockWaitMs = 50;

/**
 * Opens or creates the file, readable by its owner only; `:memory:` for one that is gone afterwards.
 *
 * @throws MonitorError `config` if it cannot be used or is someone else's
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file, { timeout: lockWaitMs });
    const found = database.prepare('PRAGMA application_id').get()?.application_id;
    const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
    if (found !== applicationId && tables !== 0) {
      throw new MonitorError('config', `${file} is a SQLite database, but not one of the monitor`, {
        remedy: 'name another file',
      });
    }
    // What is lost by a power cut is a few seconds of history; the audit entry of a control is synced on its own.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(layout);
    return database;
  } catch (error) {
    if (error instanceof MonitorError) throw error;
    throw new MonitorError('config', `${file} cannot be opened`, {
      cause: error,
      remedy: 'check that its folder is there and writable',
    });
  }
}
