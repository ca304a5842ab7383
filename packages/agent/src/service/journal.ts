/**
 * Does actions in order, and saves before anything that comes after: nobody hears of what a crash could undo. Records
 * that wait together are written together, the last of each name only.
 */
import type { Logger } from '@orchestrator/runtime';
import type { CheckpointStore } from '../checkpoint/store.ts';
import type { SavedRecord } from '../core/saved.ts';
import type { Action } from '../core/turn.ts';

export interface JournalOptions {
  store: CheckpointStore;
  logger: Logger;
  perform: (action: Exclude<Action, { type: 'save' | 'forget' }>) => void;
  /** A record could not be written: to go on would be to promise what is not kept. */
  onFatal: (error: unknown) => void;
}

export class Journal {
  readonly #options: JournalOptions;
  #waiting: Action[] = [];
  #working: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  add(actions: readonly Action[]): void {
    if (actions.length === 0) return;
    this.#waiting.push(...actions);
    this.#working ??= this.#work();
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    try {
      // Others of the same turn of the event loop join.
      await Promise.resolve();
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        await this.#write(batch);
        this.#perform(batch);
      }
    } catch (error) {
      this.#options.onFatal(error);
    } finally {
      this.#working = undefined;
    }
  }

  async #write(batch: readonly Action[]): Promise<void> {
    const latest = new Map<string, SavedRecord | undefined>();
    for (const action of batch) {
      if (action.type === 'save') latest.set(action.key, action.record);
      else if (action.type === 'forget') latest.set(action.key, undefined);
    }
    const { store } = this.#options;
    const records = [...latest];
    await Promise.all(records.map(([key, record]) => record && store.save(key, record)));
    // After all that is new is there: a crash in between leaves more than needed, never less.
    for (const [key, record] of records) if (record === undefined) await store.forget(key);
  }

  #perform(batch: readonly Action[]): void {
    for (const action of batch) {
      if (action.type === 'save' || action.type === 'forget') continue;
      try {
        this.#options.perform(action);
      } catch (error) {
        this.#options.logger.error('an action failed', { action: action.type, error });
      }
    }
  }
}
