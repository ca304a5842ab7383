/**
 * Contends for the leadership of every migration in the store and performs those it leads. Several coordinators may run: for
 * each migration one of them works and the others wait. Whatever happens is told from the store, by each of them.
 */
import { type Clock, createBackoff, type Logger, sleep } from '@orchestrator/runtime';
import { acquireLock, type Held, type Store } from '@orchestrator/store';
import { MigrationError } from '../errors.ts';
import type { AuditEntry } from '../journal/audit-chain.ts';
import type { Journal } from '../journal/journal.ts';
import { lockName, type MigrationRecord, recordsPrefix } from '../journal/record.ts';
import { EventHub, type MigrationEvent } from './events.ts';
import { type LeadOptions, LedMigration } from './lead.ts';
import type { Live } from './live.ts';

export interface CoordinatorOptions extends Omit<LeadOptions, 'held' | 'record' | 'signal'> {
  readonly journal: Journal;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the others wait after a leading coordinator has died. Default 10 s. */
  readonly leaseMs?: number;
}

const defaultLeaseMs = 10_000;
const migrationsPrefix = 'migrations/';
const nothing = async () => undefined;

export class Coordinator {
  readonly events = new EventHub();
  readonly #options: CoordinatorOptions;
  readonly #closing = new AbortController();
  readonly #led = new Map<string, LedMigration>();
  readonly #contending = new Map<string, Promise<void>>();
  #watching: Promise<unknown> | undefined;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
  }

  /** Resolves once every migration in the store is contended for. */
  async start(): Promise<void> {
    const contendForAll = async () => {
      for (const { id } of await this.#options.journal.list()) this.#contend(id);
    };
    await contendForAll();
    this.#watching = Promise.all([
      this.#follow(recordsPrefix, contendForAll, (_, value) => {
        const record = JSON.parse(value) as MigrationRecord;
        this.#contend(record.id);
        this.events.emit({ migration: record.id, kind: 'record', record });
      }),
      this.#follow(migrationsPrefix, nothing, (key, value) => {
        const event = eventOf(key, value);
        if (event !== undefined) this.events.emit(event);
      }),
    ]);
  }

  /** Interrupts what is under way; another coordinator, or this one when started again, goes on there. */
  async stop(): Promise<void> {
    this.#closing.abort(new MigrationError('cancelled', 'the coordinator stops'));
    await Promise.all(this.#contending.values());
    await this.#watching;
  }

  /** `undefined` when another coordinator leads it, or none yet. */
  led(id: string): LedMigration | undefined {
    return this.#led.get(id);
  }

  #contend(id: string): void {
    if (this.#contending.has(id) || this.#closing.signal.aborted) return;
    this.#contending.set(id, this.#keepContending(id));
  }

  async #keepContending(id: string): Promise<void> {
    const { store, instance, clock, logger, leaseMs = defaultLeaseMs } = this.#options;
    const { signal } = this.#closing;
    const backoff = createBackoff({ firstDelayMs: 200, maxDelayMs: 5_000 });
    while (!signal.aborted) {
      try {
        const held = await acquireLock({
          store,
          name: lockName(id),
          owner: instance,
          ttlMs: leaseMs,
          clock,
          signal,
        });
        await this.#lead(id, held);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('leadership of a migration ended with an error', { migration: id, error });
        await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined);
      }
    }
  }

  async #lead(id: string, held: Held): Promise<void> {
    try {
      const { record } = await this.#options.journal.read(id);
      const led = new LedMigration({ ...this.#options, held, record, signal: this.#closing.signal });
      this.#led.set(id, led);
      await led.ended;
    } finally {
      this.#led.delete(id);
      await held.release().catch((error: unknown) => {
        this.#options.logger.debug('the lock was not released; its lease ends by itself', {
          migration: id,
          error,
        });
      });
    }
  }

  /** Every change below `prefix` from now on; begins again with `onBegin` where the store no longer knows the history. */
  async #follow(
    prefix: string,
    onBegin: () => Promise<void>,
    onPut: (key: string, value: string) => void,
  ): Promise<void> {
    const { store, clock, logger } = this.#options;
    const { signal } = this.#closing;
    const backoff = createBackoff({ firstDelayMs: 100, maxDelayMs: 5_000 });
    while (!signal.aborted) {
      try {
        const { revision } = await store.list(prefix, { limit: 1 });
        await onBegin();
        for await (const event of store.watch(prefix, revision + 1, { signal })) {
          if (event.type === 'put') onPut(event.key, event.value.toString('utf8'));
          backoff.reset();
        }
      } catch (error) {
        if (signal.aborted) return;
        logger.debug('the store is watched anew', { prefix, error });
        await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined);
      }
    }
  }
}

function eventOf(key: string, value: string): MigrationEvent | undefined {
  const [, migration, area, name] = key.split('/');
  if (migration === undefined) return undefined;
  if (area === 'audit') return { migration, kind: 'audit', entry: JSON.parse(value) as AuditEntry };
  if (area === 'facts' && name === 'live')
    return { migration, kind: 'live', live: JSON.parse(value) as Live };
  return undefined;
}
