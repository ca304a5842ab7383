/** What happens, as it is told to whoever listens: the API's WebSocket, the CLI's `--watch`, alert channels. */
import type { AuditEntry } from '../journal/audit-chain.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { Live } from './live.ts';

/** All of it comes out of the store, so that every coordinator tells the same, whichever of them leads. */
export type MigrationEvent = { readonly migration: string } & (
  | { readonly kind: 'record'; readonly record: MigrationRecord }
  | { readonly kind: 'live'; readonly live: Live }
  /** Actions, steps and alerts, in their order. */
  | { readonly kind: 'audit'; readonly entry: AuditEntry }
);

export type EventListener = (event: MigrationEvent) => void;

export class EventHub {
  readonly #listeners = new Set<EventListener>();

  /** @returns ends the subscription */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: MigrationEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
