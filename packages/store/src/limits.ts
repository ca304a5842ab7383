/** What a store accepts, the same for every implementation. Chosen to fit an etcd server with default settings. */
import { StoreError } from './errors.ts';
import type { Compare, Value, Write } from './store.ts';

export const storeLimits = {
  /** UTF-8 bytes of a key, its namespace not counted. */
  keyBytes: 1024,
  /** Bytes of one value. */
  valueBytes: 1024 * 1024,
  /** Bytes of all keys and values of one transaction; etcd refuses requests over 1.5 MiB (--max-request-bytes). */
  transactionBytes: 1408 * 1024,
  /** Compares, and likewise writes, of one transaction; etcd's --max-txn-ops. */
  transactionOperations: 128,
  /** Entries of one page of a list. */
  listEntries: 1000,
} as const;

function limitError(what: string, actual: number, name: keyof typeof storeLimits): StoreError {
  return new StoreError(`${what} is ${actual}, more than the limit ${name} = ${storeLimits[name]}`, {
    code: 'limit',
    remedy: 'split it into several',
  });
}

const invalid = (message: string) => new StoreError(message, { code: 'invalid' });

/** Bytes of the value as it is stored. */
export function encodeValue(value: Value): Buffer {
  return typeof value === 'string'
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

export function checkKey(key: string): number {
  if (key === '') throw invalid('a key must not be empty');
  return checkPrefix(key);
}

/** @returns its UTF-8 bytes. */
export function checkPrefix(key: string): number {
  if (key.includes('\0')) throw invalid(`key ${JSON.stringify(key)} contains a NUL character`);
  if (!key.isWellFormed()) throw invalid(`key ${JSON.stringify(key)} contains half a surrogate pair`);
  const bytes = Buffer.byteLength(key);
  if (bytes > storeLimits.keyBytes) throw limitError(`key "${key.slice(0, 40)}…"`, bytes, 'keyBytes');
  return bytes;
}

export function checkRevision(revision: number): void {
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw invalid(`a revision is an integer from 0, got ${revision}`);
  }
}

/** @returns the page size. */
export function checkListLimit(limit = 100): number {
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid(`a list needs a limit from 1, got ${limit}`);
  if (limit > storeLimits.listEntries) throw limitError('the page size', limit, 'listEntries');
  return limit;
}

export function checkTransaction(compares: readonly Compare[], writes: readonly Write[]): void {
  const most = Math.max(compares.length, writes.length);
  if (most > storeLimits.transactionOperations) {
    throw limitError('the number of operations', most, 'transactionOperations');
  }
  let bytes = 0;
  for (const { key, revision } of compares) {
    bytes += checkKey(key);
    checkRevision(revision);
  }
  const written = new Set<string>();
  for (const write of writes) {
    bytes += checkKey(write.key);
    if (written.has(write.key)) throw invalid(`key "${write.key}" is written twice in one transaction`);
    written.add(write.key);
    if (write.type === 'put') bytes += checkValue(write.key, write.value);
  }
  if (bytes > storeLimits.transactionBytes) throw limitError('the transaction', bytes, 'transactionBytes');
}

function checkValue(key: string, value: Value): number {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;
  if (bytes > storeLimits.valueBytes) throw limitError(`the value of "${key}"`, bytes, 'valueBytes');
  return bytes;
}
