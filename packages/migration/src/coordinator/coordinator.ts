/**
 * Contends for the leadership of every migration in the store and performs those it leads. Several coordinators may run: for
 * each migration one of them works and the others wait. Whatever happens is told from the store, by each of them.
 */
import { type Clock, createBackoff, type Logger, sleep } from '@orchestrator/runtime';
import { acquireLock, type Held, type Store, tryAcquireLock } from '@orchestrator/store';
import { MigrationError } from '../errors.ts';
import type { AuditEntry } from '../journal/audit-chain.ts';
import type { Journal } from '../journal/journal.ts';
import { lockName, type MigrationRecord, recordsPrefix } from '../journal/record.ts';
import { createEquipment, type Equipment, type EquipmentOptions } from './equipment.ts';
import { EventHub, type MigrationEvent } from './events.ts';
import { type LeadOptions, LedMigration } from './lead.ts';
import type { Live } from './live.ts';
import { Standby } from './standby.ts';

export interface CoordinatorOptions
  extends Omit<LeadOptions, 'held' | 'record' | 'signal' | 'equipment'>,
    Pick<EquipmentOptions, 'workFolder' | 'engines'> {
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
  readonly #standingBy = new Map<string, Standby>();
  readonly #contending = new Map<string, Promise<void>>();
  #watching: Promise<unknown> | undefined;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
  }

  /** Resolves once every migration in the store is contended for. */
  async start(): Promise<void> {
    const contendForAll = async () => {
      for (const record of await this.#options.journal.list()) this.#take(record);
    };
    await contendForAll();
    this.#watching = Promise.all([
      this.#follow(recordsPrefix, contendForAll, (_, value) => {
        const record = JSON.parse(value) as MigrationRecord;
        this.#take(record);
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

  /** A record as it is now, met for the first time or once more. */
  #take(record: MigrationRecord): void {
    const { id } = record;
    this.#standingBy.get(id)?.align(record);
    if (this.#contending.has(id) || this.#closing.signal.aborted) return;
    this.#contending.set(id, this.#keepContending(id));
  }

  async #keepContending(id: string): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#closing;
    const backoff = createBackoff({ firstDelayMs: 200, maxDelayMs: 5_000 });
    while (!signal.aborted) {
      try {
        await this.#waitAndLead(id);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('leadership of a migration ended with an error', { migration: id, error });
        await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined);
      }
    }
  }

  /** Stands by for as long as another coordinator leads, then leads. Resolves once it no longer does. */
  async #waitAndLead(id: string): Promise<void> {
    const { journal, store, instance, metrics, clock, leaseMs = defaultLeaseMs } = this.#options;
    const logger = this.#options.logger.child({ migration: id });
    const lock = { store, name: lockName(id), owner: instance, ttlMs: leaseMs, clock };
    const { record } = await journal.read(id);
    const equipment = createEquipment({ ...this.#options, record, leaseMs, logger });
    const { supervisor } = equipment;
    const standby = new Standby({ migration: id, supervisor, metrics, clock, logger });
    try {
      let held = await tryAcquireLock(lock);
      if (held === undefined) {
        this.#standingBy.set(id, standby);
        standby.align((await journal.read(id)).record);
        held = await acquireLock({ ...lock, signal: this.#closing.signal });
      }
      this.#standingBy.delete(id);
      await standby.end();
      await this.#lead(id, held, equipment, logger);
    } finally {
      this.#standingBy.delete(id);
      standby.close();
      await supervisor.close();
    }
  }

  async #lead(id: string, held: Held, equipment: Equipment, logger: Logger): Promise<void> {
    const { signal } = this.#closing;
    try {
      const { record } = await this.#options.journal.read(id);
      const led = new LedMigration({ ...this.#options, held, record, equipment, logger, signal });
      this.#led.set(id, led);
      await led.ended;
    } finally {
      this.#led.delete(id);
      await held.release().catch((error: unknown) => {
        logger.debug('the lock was not released; its lease ends by itself', { error });
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
