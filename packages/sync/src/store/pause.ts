/** Whether operators have paused synchronisation: it stays so, whoever leads. */
import type { Store } from '@orchestrator/store';

const keyOf = (migrationId: string) => `sync/${migrationId}/paused`;

export async function storePaused(store: Store, migrationId: string, isPaused: boolean): Promise<void> {
  if (isPaused) await store.put(keyOf(migrationId), '');
  else await store.delete(keyOf(migrationId));
}

export async function readPaused(store: Store, migrationId: string): Promise<boolean> {
  return (await store.get(keyOf(migrationId))) !== undefined;
}
