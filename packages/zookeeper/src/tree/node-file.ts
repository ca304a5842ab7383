/**
 * Znodes in a SQLite file, for trees that do not fit in memory. The file is scratch space: it is not synced, has no journal,
 * and no name once it is open, so that nothing is left behind however this process ends.
 *
 * Keys are paths in UTF-8 with a zero byte for each slash, so that the order of keys is the order of a walk and the children
 * of a node can be found by seeking, without an index of their own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ZooKeeperError } from '../errors.ts';

/** A row as it goes to the file and comes back. */
export interface StoredNode {
  readonly stat: Uint8Array;
  readonly nodeCrc: number;
  readonly prefixCrc: number;
  readonly hashHigh: number;
  readonly hashLow: number;
  readonly dataLength: number;
  readonly aclId: number;
  readonly numChildren: number;
  readonly data: Uint8Array | null;
}

interface KeyRow {
  readonly key: Uint8Array;
}

const schema = `
  PRAGMA page_size = 8192;
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA cache_size = -65536;
  CREATE TABLE node (
    key BLOB PRIMARY KEY, stat BLOB NOT NULL, nodeCrc INTEGER NOT NULL, prefixCrc INTEGER NOT NULL,
    hashHigh INTEGER NOT NULL, hashLow INTEGER NOT NULL, dataLength INTEGER NOT NULL, aclId INTEGER NOT NULL,
    numChildren INTEGER NOT NULL, data BLOB
  ) WITHOUT ROWID;
`;
const columns = 'stat, nodeCrc, prefixCrc, hashHigh, hashLow, dataLength, aclId, numChildren, data';
const scanRows = 512;

function keyOf(path: string): Buffer {
  const key = Buffer.from(path === '/' ? '' : path);
  for (let at = key.indexOf(47); at !== -1; at = key.indexOf(47, at + 1)) key[at] = 0;
  return key;
}

function pathOf(key: Uint8Array): string {
  if (key.length === 0) return '/';
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('utf8').replaceAll('\0', '/');
}

/** The first key after `key` and all that is below it. */
function endOf(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(1)]);
}

function openDatabase(parent: string): DatabaseSync {
  const folder = mkdtempSync(join(parent, 'znodes-'));
  try {
    const database = new DatabaseSync(join(folder, 'tree.sqlite'));
    database.exec(schema);
    database.exec('BEGIN'); // never committed: nobody else reads it
    return database;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export class NodeFile {
  readonly #folder: string;
  readonly #database: DatabaseSync;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #scan: StatementSync;
  readonly #next: StatementSync;
  #open = true;

  constructor(folder: string) {
    this.#folder = folder;
    this.#database = this.#guard(() => openDatabase(folder));
    this.#select = this.#database.prepare(`SELECT ${columns} FROM node WHERE key = ?`);
    this.#upsert = this.#database.prepare(
      `INSERT OR REPLACE INTO node (key, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = this.#database.prepare('DELETE FROM node WHERE key = ?');
    const between = 'SELECT key FROM node WHERE key > ? AND key < ? ORDER BY key LIMIT';
    this.#scan = this.#database.prepare(`${between} ${scanRows}`);
    this.#next = this.#database.prepare(`${between} 1`);
  }

  get(path: string): StoredNode | undefined {
    return this.#guard(() => this.#select.get(keyOf(path)) as unknown as StoredNode | undefined);
  }

  put(path: string, node: StoredNode): void {
    const { stat, nodeCrc, prefixCrc, hashHigh, hashLow, dataLength, aclId, numChildren, data } = node;
    const row = [stat, nodeCrc, prefixCrc, hashHigh, hashLow, dataLength, aclId, numChildren, data];
    this.#guard(() => this.#upsert.run(keyOf(path), ...row));
  }

  remove(path: string): void {
    this.#guard(() => this.#delete.run(keyOf(path)));
  }

  /** Paths below `prefix` and after `after`, in the order of a walk. The tree may change between two steps. */
  *pathsBelow(prefix: string, after = prefix): Generator<string> {
    const prefixKey = keyOf(prefix);
    const end = prefixKey.length === 0 ? Buffer.of(1) : endOf(prefixKey);
    let from = keyOf(after);
    for (;;) {
      const rows = this.#guard(() => this.#scan.all(from, end) as unknown as KeyRow[]);
      for (const row of rows) yield pathOf(row.key);
      const last = rows.at(-1);
      if (last === undefined || rows.length < scanRows) return;
      from = Buffer.from(last.key);
    }
  }

  /** Names of children in order: after each one, its whole subtree is stepped over by one seek. */
  *childNames(path: string): Generator<string> {
    const parentKey = keyOf(path);
    const end = parentKey.length === 0 ? Buffer.of(1) : endOf(parentKey);
    let from: Buffer = parentKey;
    for (;;) {
      const row = this.#guard(() => this.#next.get(from, end) as unknown as KeyRow | undefined);
      if (row === undefined) return;
      const name = Buffer.from(row.key).subarray(parentKey.length + 1);
      yield name.toString('utf8');
      from = endOf(Buffer.from(row.key));
    }
  }

  #guard<T>(access: () => T): T {
    try {
      return access();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ZooKeeperError(
        'StorageFailed',
        `nodes that do not fit in memory cannot be kept in ${this.#folder}: ${reason}; make room, or raise maxNodesInMemory`,
        { cause },
      );
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#database.close();
  }
}
