/** What happens, as it is told to whoever listens: the API's WebSocket, the CLI's `--watch`, alert channels. */
import type { Progress, SyncStatus } from '@orchestrator/sync';
import type { Failure } from '../errors.ts';
import type { MachineState } from '../phases/machine-types.ts';

export type AlertKind =
  | 'sync-lag'
  | 'sync-failure'
  | 'quorum-loss'
  | 'leader-change'
  | 'conflict-rate'
  | 'step-failed';

export interface Alert {
  readonly kind: AlertKind;
  readonly severity: 'warning' | 'critical';
  /** `raised` once when it begins, `cleared` once when it ends; an event without duration is only raised. */
  readonly state: 'raised' | 'cleared';
  readonly message: string;
  readonly remedy: string | null;
}

export type MigrationEvent = { readonly migration: string; readonly timeMs: number } & (
  | { readonly kind: 'state'; readonly state: Pick<MachineState, 'status' | 'phase' | 'current' | 'failure'> }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'instruction'; readonly text: string }
  | { readonly kind: 'sync'; readonly status: SyncStatus }
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'failure'; readonly failure: Failure }
);

export type EventListener = (event: MigrationEvent) => void;

export class EventHub {
  readonly #listeners = new Set<EventListener>();

  /** @returns ends the subscription */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: MigrationEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
