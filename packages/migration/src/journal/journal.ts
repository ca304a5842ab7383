/**
 * The durable side of a migration: its record, its facts and its audit log. Every change of the record and its audit entry
 * are one transaction; a coordinator's writes hold only while it leads (`held`), an operator's whoever leads.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@orchestrator/runtime';
import {
  type Compare,
  type Entry,
  type Held,
  listPages,
  type Store,
  StoreError,
  type Write,
} from '@orchestrator/store';
import { MigrationError } from '../errors.ts';
import { transition } from '../phases/machine.ts';
import type { MachineEvent, Transition } from '../phases/machine-types.ts';
import {
  type AuditAnchor,
  type AuditEntry,
  type AuditRecord,
  type AuditVerdict,
  chainEntry,
  genesis,
  verifyAudit,
} from './audit-chain.ts';
import { toJson } from './json.ts';
import { type MigrationRecord, migrationKeys, recordsPrefix } from './record.ts';

/** Others may write at the same time; this many in a row mean that something is wrong. */
const maxWriteAttempts = 100;

/** A record may hold a thousand timings; a page of them must fit in memory easily. */
const maxRecordsPerPage = 20;

/** A transaction of the store takes little more. */
const maxPrunedAtOnce = 100;

interface AuditHead {
  /** The last entry that retention has removed. */
  readonly anchor: AuditAnchor;
  readonly head: AuditAnchor;
}

export interface StoredRecord {
  readonly record: MigrationRecord;
  readonly revision: number;
}

export type Audit = Omit<AuditRecord, 'migration'>;

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly more: boolean;
}

export interface JournalOptions {
  readonly store: Store;
  readonly clock: Clock;
}

const parse = <T>(entry: Entry): T => JSON.parse(entry.value.toString('utf8')) as T;
const put = (key: string, value: unknown): Write => ({ type: 'put', key, value: toJson(value) });

export class Journal {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: JournalOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** @throws MigrationError `conflict` when the id is taken */
  async create(record: Omit<MigrationRecord, 'writeId'>, audit: Audit): Promise<MigrationRecord> {
    const created = { ...record, writeId: randomUUID() };
    await this.#write(record.id, audit, undefined, async () => {
      const present = await this.find(record.id);
      if (present?.record.writeId === created.writeId) return 'done';
      if (present !== undefined)
        throw new MigrationError('conflict', `there is a migration ${record.id} already`);
      const key = migrationKeys.record(record.id);
      return { compares: [{ key, revision: 0 }], writes: [put(key, created)] };
    });
    return created;
  }

  async find(id: string): Promise<StoredRecord | undefined> {
    const entry = await this.#store.get(migrationKeys.record(id));
    return entry === undefined ? undefined : { record: parse(entry), revision: entry.revision };
  }

  /** @throws MigrationError `not-found` */
  async read(id: string): Promise<StoredRecord> {
    const found = await this.find(id);
    if (found === undefined)
      throw new MigrationError('not-found', `there is no migration ${id}`, {
        remedy: 'see the list of migrations',
      });
    return found;
  }

  async list(): Promise<readonly MigrationRecord[]> {
    const records: MigrationRecord[] = [];
    for await (const page of listPages(this.#store, recordsPrefix, maxRecordsPerPage))
      for (const entry of page.entries) records.push(parse(entry));
    return records.sort((a, b) => a.createdMs - b.createdMs);
  }

  /**
   * Stores the state that follows from `event`, together with its audit entry.
   *
   * @returns the transition, `undefined` when the event changed nothing
   * @throws MigrationError `precondition` when the state does not allow the event (audited as well); StoreError
   *   `lease-lost` when `held` is no longer ours
   */
  async apply(id: string, event: MachineEvent, audit: Audit, held?: Held): Promise<Transition | undefined> {
    const writeId = randomUUID();
    let result: Transition | undefined;
    try {
      await this.#write(id, audit, held, async () => {
        const { record, revision } = await this.read(id);
        if (record.writeId === writeId) return 'done';
        result = undefined;
        const next = transition(record.plan, record.state, event);
        if (next.state === record.state) return 'done';
        result = next;
        const key = migrationKeys.record(id);
        return {
          compares: [{ key, revision }],
          writes: [put(key, { ...record, state: next.state, writeId })],
        };
      });
    } catch (error) {
      if (error instanceof MigrationError && error.code === 'precondition')
        await this.audit(id, { ...audit, action: `${audit.action} refused`, error: auditError(error) }, held);
      throw error;
    }
    return result;
  }

  async audit(id: string, audit: Audit, held?: Held): Promise<void> {
    await this.#write(id, audit, held, async () => ({ compares: [], writes: [] }));
  }

  /** A page of the audit log, oldest first. */
  async auditPage(id: string, options: { after?: number; limit?: number } = {}): Promise<AuditPage> {
    const { after = 0, limit = 100 } = options;
    const page = await this.#store.list(migrationKeys.auditEntries(id), {
      limit,
      after: migrationKeys.auditEntry(id, after),
    });
    return { entries: page.entries.map((entry) => parse<AuditEntry>(entry)), more: page.more };
  }

  /** The last entries, oldest of them first. */
  async auditTail(id: string, count: number): Promise<readonly AuditEntry[]> {
    const { head } = await this.#auditHead(id);
    return (await this.auditPage(id, { after: Math.max(0, head.seq - count), limit: count })).entries;
  }

  async verifyAudit(id: string): Promise<AuditVerdict> {
    const { anchor, head } = await this.#auditHead(id);
    const entries: AuditEntry[] = [];
    for (let after = anchor.seq, more = true; more; ) {
      const page = await this.auditPage(id, { after, limit: 1000 });
      // Written since the head was read; the next verification sees them.
      entries.push(...page.entries.filter((entry) => entry.seq <= head.seq));
      after = page.entries.at(-1)?.seq ?? after;
      more = page.more;
    }
    return verifyAudit(anchor, entries, head);
  }

  /**
   * Removes entries older than `retentionMs`, from the begin; the chain is then anchored at the last one removed.
   */
  async pruneAudit(id: string, retentionMs: number, held: Held): Promise<void> {
    const oldestMs = this.#clock.nowMs() - retentionMs;
    for (;;) {
      const { entries } = await this.auditPage(id, { limit: maxPrunedAtOnce });
      const firstKept = entries.findIndex((entry) => entry.timeMs >= oldestMs);
      const expired = firstKept === -1 ? entries : entries.slice(0, firstKept);
      const last = expired.at(-1);
      if (last === undefined) return;
      const { head, revision } = await this.#auditHead(id);
      const key = migrationKeys.auditHead(id);
      // Not committed: an entry was added meanwhile, and is seen by the next look.
      await held.transaction(
        [{ key, revision }],
        [
          put(key, { anchor: { seq: last.seq, hash: last.hash }, head } satisfies AuditHead),
          ...expired.map(
            (entry): Write => ({ type: 'delete', key: migrationKeys.auditEntry(id, entry.seq) }),
          ),
        ],
      );
    }
  }

  async getFact<T>(id: string, name: string): Promise<T | undefined> {
    const entry = await this.#store.get(migrationKeys.fact(id, name));
    return entry === undefined ? undefined : parse<T>(entry);
  }

  async putFact(id: string, name: string, value: unknown, held: Held): Promise<void> {
    await held.transaction([], [put(migrationKeys.fact(id, name), value)]);
  }

  async deleteFact(id: string, name: string, held: Held): Promise<void> {
    await held.transaction([], [{ type: 'delete', key: migrationKeys.fact(id, name) }]);
  }

  /** The secret of that name, made by `create` the first time. It is kept in the store only. */
  async secret(id: string, name: string, create: () => string): Promise<string> {
    const key = migrationKeys.secret(id, name);
    const present = await this.#store.get(key);
    if (present !== undefined) return present.value.toString('utf8');
    const swap = await this.#store.compareAndSwap(key, 0, create());
    if (!swap.swapped && swap.current !== undefined) return swap.current.value.toString('utf8');
    const stored = await this.#store.get(key);
    if (stored === undefined)
      throw new MigrationError('conflict', `the secret ${name} was removed while it was made`);
    return stored.value.toString('utf8');
  }

  async #auditHead(id: string): Promise<AuditHead & { revision: number }> {
    const entry = await this.#store.get(migrationKeys.auditHead(id));
    if (entry === undefined) return { anchor: genesis, head: genesis, revision: 0 };
    return { ...parse<AuditHead>(entry), revision: entry.revision };
  }

  /** Writes what `prepare` asks for and the audit entry, both or none; again when somebody else was faster. */
  async #write(
    id: string,
    audit: Audit,
    held: Held | undefined,
    prepare: () => Promise<{ compares: Compare[]; writes: Write[] } | 'done'>,
  ): Promise<void> {
    for (let attempt = 0; attempt < maxWriteAttempts; attempt++) {
      const { anchor, head, revision } = await this.#auditHead(id);
      const prepared = await prepare();
      if (prepared === 'done') return;
      const entry = chainEntry(head, { ...audit, migration: id }, this.#clock.nowMs());
      const headKey = migrationKeys.auditHead(id);
      const next: AuditHead = { anchor, head: { seq: entry.seq, hash: entry.hash } };
      const compares = [...prepared.compares, { key: headKey, revision }];
      const writes = [
        ...prepared.writes,
        put(headKey, next),
        put(migrationKeys.auditEntry(id, entry.seq), entry),
      ];
      if (await this.#commit(compares, writes, held, entry)) return;
    }
    throw new MigrationError('conflict', `migration ${id} is being changed by too many at once`, {
      remedy: 'try again',
    });
  }

  async #commit(
    compares: readonly Compare[],
    writes: readonly Write[],
    held: Held | undefined,
    entry: AuditEntry,
  ): Promise<boolean> {
    try {
      const result =
        held === undefined
          ? await this.#store.transaction(compares, writes)
          : await held.transaction(compares, writes);
      return result.committed;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'outcome-unknown') throw error;
      const written = await this.#store.get(migrationKeys.auditEntry(entry.migration, entry.seq));
      return written !== undefined && parse<AuditEntry>(written).hash === entry.hash;
    }
  }
}

/** An error as the audit log keeps it. */
export function auditError(error: unknown): NonNullable<AuditEntry['error']> {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error), stack: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'internal';
  return { code, message: error.message, stack: error.stack ?? '' };
}
