/** What survives engines: the lease and its terms, conflicts and the operator's choices, sessions, the ledger. */
import type { Blocked, Conflict, MirrorSession, Side } from '@orchestrator/sync';

export class ModelStore {
  term = 0;
  holder: string | undefined;
  leaseUntilMs = 0;
  readonly conflicts = new Map<string, Conflict>();
  /** Decided, and not reported as carried out. */
  readonly undone = new Map<string, Conflict>();
  /** By path. */
  readonly held = new Map<string, Conflict>();
  readonly choices = new Map<string, Side>();
  readonly blocked = new Map<string, Blocked>();
  mirrorSessions: MirrorSession[] = [];
  readonly ownSessions: Record<Side, bigint[]> = { source: [], target: [] };
  readonly ledger: { path: string; what: string }[] = [];

  /** A higher term than any before, or `undefined` while somebody else holds the lease. */
  acquire(name: string, nowMs: number, leaseMs: number): number | undefined {
    if (this.holder !== undefined && this.holder !== name && nowMs < this.leaseUntilMs) return undefined;
    this.holder = name;
    this.leaseUntilMs = nowMs + leaseMs;
    this.term++;
    return this.term;
  }

  renew(name: string, nowMs: number, leaseMs: number): boolean {
    if (this.holder !== name) return false;
    this.leaseUntilMs = nowMs + leaseMs;
    return true;
  }

  recordConflict(conflict: Conflict): void {
    this.conflicts.set(conflict.id, conflict);
    if (conflict.decision === 'held') this.held.set(conflict.path, conflict);
    else this.undone.set(conflict.id, conflict);
  }

  release(path: string): void {
    this.held.delete(path);
    this.choices.delete(path);
  }
}
