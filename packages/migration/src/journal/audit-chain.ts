/**
 * The audit log as a chain: every entry carries the hash of the one before it, so that a changed, removed, added or
 * reordered entry is found. The head's hash also stands in the report and in the process log: copies outside the store
 * make a rewritten chain visible too.
 */
import { createHash } from 'node:crypto';

/** JSON with a fixed order of keys, so that the same content always has the same hash. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface AuditEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly timeMs: number;
  /** Who: a principal of the API, `cli:<user>`, or `coordinator:<instance>`. */
  readonly actor: string;
  readonly action: string;
  readonly migration: string;
  readonly details: { readonly [key: string]: Json };
  readonly error: { readonly code: string; readonly message: string; readonly stack: string } | null;
  /** Hash of the entry before; `genesis` for the first. */
  readonly previous: string;
  readonly hash: string;
}

export type AuditRecord = Pick<AuditEntry, 'actor' | 'action' | 'migration' | 'details'> & {
  readonly error?: AuditEntry['error'];
};

/** Where a chain begins: its start, or the last entry that retention has removed. */
export interface AuditAnchor {
  readonly seq: number;
  readonly hash: string;
}

export const genesis: AuditAnchor = { seq: 0, hash: '0'.repeat(64) };

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

const hashOf = (entry: Omit<AuditEntry, 'hash'>) =>
  createHash('sha256').update(canonical(entry)).digest('hex');

/** The entry that follows `head`. */
export function chainEntry(head: AuditAnchor, record: AuditRecord, timeMs: number): AuditEntry {
  const { actor, action, migration, details, error = null } = record;
  const body = { seq: head.seq + 1, timeMs, actor, action, migration, details, error, previous: head.hash };
  return { ...body, hash: hashOf(body) };
}

export interface AuditVerdict {
  readonly intact: boolean;
  readonly entries: number;
  /** One sentence per finding; the first ones only. */
  readonly findings: readonly string[];
}

const maxFindings = 20;

/** Recomputes the chain from `anchor` over `entries` (in order of `seq`) to `head`. */
export function verifyAudit(
  anchor: AuditAnchor,
  entries: readonly AuditEntry[],
  head: AuditAnchor,
): AuditVerdict {
  const findings: string[] = [];
  let last = anchor;
  for (const entry of entries) {
    const { hash, ...body } = entry;
    if (entry.seq !== last.seq + 1)
      findings.push(`entry ${entry.seq} follows ${last.seq}: entries are missing`);
    else if (entry.previous !== last.hash)
      findings.push(`entry ${entry.seq} does not follow from entry ${last.seq}: one of them was replaced`);
    if (hashOf(body) !== hash)
      findings.push(`entry ${entry.seq} (${entry.action}) was changed after it was written`);
    last = { seq: entry.seq, hash };
  }
  if (last.seq !== head.seq || last.hash !== head.hash)
    findings.push(
      `the chain ends at entry ${last.seq}, its head says ${head.seq}: the end was cut off or added to`,
    );
  return { intact: findings.length === 0, entries: entries.length, findings: findings.slice(0, maxFindings) };
}
