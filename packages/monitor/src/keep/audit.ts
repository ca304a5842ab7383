/** Who did what, when, and what came of it. Written before it is done, completed afterwards. */
import type { DatabaseSync } from 'node:sqlite';
import { type Principal, redactSecrets } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';

export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly principal: string;
  readonly role: string;
  /** `docker_stop_container`, `account.put`, `login` and so on. */
  readonly action: string;
  /** What it was done to: a node, a pipe, an account. */
  readonly target: string;
  /** Arguments, without secrets. */
  readonly detail: unknown;
  /** `done`, or the code and message of the error; null while it runs, or if the process ended meanwhile. */
  readonly outcome: string | null;
  readonly endedMs: number | null;
}

export interface Audit {
  /** Does `work` and records it, whatever comes of it. */
  record<Result>(
    principal: Principal,
    action: string,
    target: string,
    detail: unknown,
    work: () => Promise<Result> | Result,
  ): Promise<Result>;
  /** Newest first. */
  list(query: { readonly before?: number; readonly limit: number; readonly target?: string }): AuditEntry[];
}

/** Entries kept; the oldest are forgotten first. */
const maxEntries = 200_000;
const pruneEvery = 1_000;
/** Of one entry's arguments. */
const maxDetailLength = 2_000;

function outcomeOf(error: unknown): string {
  if (!(error instanceof Error)) return `failed: ${String(error)}`;
  const code = 'code' in error ? String(error.code) : 'internal';
  return `${code}: ${error.message}`.slice(0, maxDetailLength);
}

export function createAudit(database: DatabaseSync, clock: Clock): Audit {
  const begin = database.prepare(
    'INSERT INTO audit (at_ms, principal, role, action, target, detail) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const end = database.prepare('UPDATE audit SET outcome = ?, ended_ms = ? WHERE id = ?');
  const prune = database.prepare('DELETE FROM audit WHERE id <= ?');
  const select = database.prepare(
    `SELECT id, at_ms, principal, role, action, target, detail, outcome, ended_ms FROM audit
     WHERE id < ? AND (? = '' OR target = ?) ORDER BY id DESC LIMIT ?`,
  );
  return {
    async record({ name, role }, action, target, detail, work) {
      const told = JSON.stringify(redactSecrets(detail ?? null)).slice(0, maxDetailLength);
      const id = Number(begin.run(clock.nowMs(), name, role, action, target, told).lastInsertRowid);
      if (id % pruneEvery === 0) prune.run(id - maxEntries);
      try {
        const result = await work();
        end.run('done', clock.nowMs(), id);
        return result;
      } catch (error) {
        end.run(outcomeOf(error), clock.nowMs(), id);
        throw error;
      }
    },
    list: ({ before = Number.MAX_SAFE_INTEGER, limit, target = '' }) =>
      select.all(before, target, target, limit).map((row) => ({
        ...{ id: Number(row.id), atMs: Number(row.at_ms), principal: String(row.principal) },
        ...{ role: String(row.role), action: String(row.action), target: String(row.target) },
        detail: parse(String(row.detail)),
        outcome: row.outcome === null ? null : String(row.outcome),
        endedMs: row.ended_ms === null ? null : Number(row.ended_ms),
      })),
  };
}

/** A detail that was too long to be kept whole is given as the text it is. */
function parse(detail: string): unknown {
  try {
    return JSON.parse(detail);
  } catch {
    return detail;
  }
}
