import {
  type Clock,
  createBackoff,
  type Random,
  sleep,
  systemClock,
  systemRandom,
} from '@orchestrator/runtime';
import { type Compare, type Store, StoreError, storeLimits, type Write } from '@orchestrator/store';
import { MasterError } from '../errors.ts';
import { Durations } from '../metrics/durations.ts';
import { knownCapabilities } from './capabilities.ts';
import { decide, type RegistryOperation } from './operations.ts';
import { applyChange, type Change, type MutableRegistry, type Registry } from './registry.ts';
import { bytesOf, loadRegistry, writeOf } from './storage.ts';
import { type Claim, claimTerm } from './term.ts';

export const registrarLimits = {
  /** Operations that wait for the store. Agents that come back all at once are one each. */
  queuedOperations: 100_000,
  /** Writes of one batch; a transaction has room for the fence besides. */
  batchWrites: storeLimits.transactionOperations - 1,
  batchBytes: storeLimits.transactionBytes - 64 * 1024,
} as const;

/**
 * From one batch to the next while many are waiting: a store may hold up everything else while it syncs, and takes as long for
 * a hundred agents as for one. What comes alone is stored at once.
 */
const batchGapMs = 10;

export interface RegistrarOptions {
  readonly store: Store;
  /** Who leads, for people that look into the store: `master@10.0.0.1:5050`. */
  readonly owner: string;
  /** How long a batch is tried again while the store does not answer. Default 20 000 (`--registry_store_timeout`). */
  readonly storeTimeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

interface Queued {
  readonly operation: RegistryOperation;
  readonly resolve: (outcome: RegistryOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** `changed` false: all was so already. */
export type RegistryOutcome = { readonly changed: boolean } | { readonly refusal: string };

export interface RegistrarFigures {
  readonly queuedOperations: number;
  readonly bytes: number;
  /** Of the last fetch and the last store. */
  readonly fetchMs: number;
  readonly storeMs: Durations;
}

/**
 * The registry of a leading master. Operations are taken in order and stored in batches, each a transaction that holds
 * only while no later leader has raised the term: a master that was deposed fails at its next write, whoever elected
 * the other one.
 */
export class Registrar {
  readonly #store: Store;
  readonly #claim: Claim;
  readonly #registry: MutableRegistry;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #storeTimeoutMs: number;
  readonly #queue: Queued[] = [];
  readonly #fetchMs: number;
  #bytes: number;
  readonly #storeMs = new Durations();
  #failure: MasterError | undefined;
  #writing: Promise<void> | undefined;
  /** No batch before; of the monotonic clock. */
  #quietUntilMs = 0;

  private constructor(
    options: RegistrarOptions,
    loaded: { registry: MutableRegistry; bytes: number; claim: Claim; fetchMs: number },
  ) {
    const { store, clock = systemClock, random = systemRandom, storeTimeoutMs = 20_000 } = options;
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.#storeTimeoutMs = storeTimeoutMs;
    this.#registry = loaded.registry;
    this.#claim = loaded.claim;
    this.#bytes = loaded.bytes;
    this.#fetchMs = loaded.fetchMs;
  }

  /**
   * Takes the registry over: from now on writes of earlier leaders fail.
   *
   * @throws MasterError `precondition` when the registry asks for a capability that this version lacks, `corrupt` when it
   * cannot be read; StoreError when the store does not answer
   */
  static async recover(options: RegistrarOptions): Promise<Registrar> {
    const { store, owner, clock = systemClock } = options;
    const startedMs = clock.monotonicMs();
    const claim = await claimTerm(store, owner);
    // Read after the claim: nothing that an earlier leader writes can come later.
    const { registry, bytes } = await loadRegistry(store);
    const missing = registry.settings.minimumCapabilities.filter((name) => !knownCapabilities.has(name));
    if (missing.length > 0) {
      throw new MasterError('precondition', `the registry needs a master that knows ${missing.join(', ')}`, {
        remedy: 'run a newer version, or undo what asked for it with the version that set it',
      });
    }
    const fetchMs = clock.monotonicMs() - startedMs;
    return new Registrar(options, { registry, bytes, claim, fetchMs });
  }

  /** As of the last operation that was decided; it may not be stored yet. */
  get registry(): Registry {
    return this.#registry;
  }

  /** Rises with every leader. */
  get term(): number {
    return this.#claim.term;
  }

  get figures(): RegistrarFigures {
    return {
      queuedOperations: this.#queue.length,
      bytes: this.#bytes,
      fetchMs: this.#fetchMs,
      storeMs: this.#storeMs,
    };
  }

  /**
   * Resolves once it is stored. Rejects with MasterError: `lease-lost` when another master has taken over, `unavailable`
   * when the store did not answer in time - then nothing more can be written and the master has to step down - or
   * `limit` when too much waits or an entry gets too large.
   */
  apply(operation: RegistryOperation): Promise<RegistryOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#queue.length >= registrarLimits.queuedOperations) {
        return reject(
          new MasterError('limit', `${this.#queue.length} registry operations wait for the store already`),
        );
      }
      this.#queue.push({ operation, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // What comes in one round of the event loop, on however many connections, goes into one batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const quietMs = this.#quietUntilMs - this.#clock.monotonicMs();
      if (quietMs > 0) await sleep(this.#clock, quietMs);
      const batch = this.#nextBatch();
      try {
        await this.#commit([...batch.writes.values()]);
      } catch (error) {
        this.#fail(error, batch.settle);
        break;
      }
      if (batch.settle.length > 1) this.#quietUntilMs = this.#clock.monotonicMs() + batchGapMs;
      for (const settle of batch.settle) settle.resolve();
    }
    // In the same turn as the look at the queue: what comes later starts a new round.
    this.#writing = undefined;
  }

  /** Decides operations in order until the transaction is full. Each sees what those before it have changed. */
  #nextBatch(): { writes: Map<string, Write>; settle: Settling[] } {
    const writes = new Map<string, Write>();
    const settle: Settling[] = [];
    let bytes = 0;
    for (const next of this.#queue) {
      const decided = this.#decide(next);
      const added = decided.writes.reduce((sum, write) => sum + bytesOf(write), 0);
      const full =
        writes.size + decided.writes.length > registrarLimits.batchWrites ||
        bytes + added > registrarLimits.batchBytes;
      if (full && writes.size > 0) break;
      bytes += added;
      for (const change of decided.changes) applyChange(this.#registry, change);
      for (const write of decided.writes) writes.set(write.key, write);
      settle.push(decided.settling);
    }
    this.#queue.splice(0, settle.length);
    this.#bytes += bytes;
    return { writes, settle };
  }

  #decide({ operation, resolve, reject }: Queued): {
    changes: readonly Change[];
    writes: readonly Write[];
    settling: Settling;
  } {
    const decision = decide(this.#registry, operation);
    if ('refusal' in decision) {
      return { changes: [], writes: [], settling: { resolve: () => resolve(decision), reject } };
    }
    const { changes } = decision;
    try {
      const writes = changes.map(writeOf);
      if (writes.length > registrarLimits.batchWrites) {
        throw new MasterError(
          'limit',
          `${operation.type} changes ${writes.length} entries of the registry; ${registrarLimits.batchWrites} at once`,
        );
      }
      const changed = changes.length > 0;
      return { changes, writes, settling: { resolve: () => resolve({ changed }), reject } };
    } catch (error) {
      return { changes: [], writes: [], settling: { resolve: () => reject(error), reject } };
    }
  }

  #fail(error: unknown, settle: readonly Settling[]): void {
    this.#failure =
      error instanceof MasterError
        ? error
        : new MasterError('unavailable', 'the registry could not be written', { cause: error });
    for (const each of settle) each.reject(this.#failure);
    for (const { reject } of this.#queue.splice(0)) reject(this.#failure);
  }

  /** The same writes may be sent twice: nobody else writes while the term is ours. */
  async #commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    const startedMs = this.#clock.monotonicMs();
    const backoff = createBackoff({ firstDelayMs: 50, maxDelayMs: 1000, random: this.#random });
    const guard: Compare = this.#claim.guard;
    for (;;) {
      try {
        const { committed } = await this.#store.transaction([guard], writes);
        this.#storeMs.record(this.#clock.monotonicMs() - startedMs);
        if (committed) return;
        throw new MasterError(
          'lease-lost',
          `another master has taken over the registry (our term ${this.term})`,
        );
      } catch (error) {
        const passing =
          error instanceof StoreError && (error.code === 'unavailable' || error.code === 'outcome-unknown');
        if (!passing || this.#clock.monotonicMs() - startedMs > this.#storeTimeoutMs) throw error;
        await sleep(this.#clock, backoff.nextDelayMs());
      }
    }
  }
}

interface Settling {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
