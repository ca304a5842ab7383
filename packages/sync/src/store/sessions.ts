/** The engine's own sessions in the store. Passwords are secrets: the store's access rights protect them. */
import { listPages, type Store } from '@orchestrator/store';
import type { Side } from '../core/types.ts';
import { SyncError } from '../errors.ts';
import { prefixes, sessionFromName, sessionName } from './keys.ts';

export interface StoredMirrorSession {
  readonly originSession: bigint;
  readonly id: bigint;
  readonly password: Buffer;
}

export async function storeMirrorSession(
  store: Store,
  migrationId: string,
  side: Side,
  session: StoredMirrorSession,
): Promise<void> {
  const key = prefixes.sessions(migrationId, side) + sessionName(session.originSession);
  const value = { session: sessionName(session.id), password: session.password.toString('base64') };
  await store.put(key, JSON.stringify(value));
}

export async function eraseMirrorSession(
  store: Store,
  migrationId: string,
  side: Side,
  originSession: bigint,
): Promise<void> {
  await store.delete(prefixes.sessions(migrationId, side) + sessionName(originSession));
}

export async function readMirrorSessions(
  store: Store,
  migrationId: string,
  side: Side,
): Promise<StoredMirrorSession[]> {
  const prefix = prefixes.sessions(migrationId, side);
  const sessions: StoredMirrorSession[] = [];
  for await (const page of listPages(store, prefix)) {
    for (const { key, value } of page.entries) {
      sessions.push(parseMirrorSession(key, key.slice(prefix.length), value));
    }
  }
  return sessions;
}

function parseMirrorSession(key: string, origin: string, value: Buffer): StoredMirrorSession {
  try {
    const { session, password } = JSON.parse(value.toString()) as { session: string; password: string };
    return {
      originSession: sessionFromName(origin),
      id: sessionFromName(session),
      password: Buffer.from(password, 'base64'),
    };
  } catch (error) {
    throw new SyncError('Unknown', `store key ${key} does not hold a mirror session; delete it`, error);
  }
}

/** Sessions that wrote for us; those of a few restarts are of interest, so no more are kept. */
const mostWriters = 100;

export async function storeWriter(store: Store, migrationId: string, side: Side, id: bigint): Promise<void> {
  const prefix = prefixes.writers(migrationId, side);
  await store.put(prefix + sessionName(id), '');
  const { entries } = await store.list(prefix, { limit: mostWriters * 2 });
  const oldest = entries.sort((a, b) => a.revision - b.revision).slice(0, -mostWriters);
  for (const { key } of oldest) await store.delete(key);
}

export async function readWriters(store: Store, migrationId: string, side: Side): Promise<bigint[]> {
  const prefix = prefixes.writers(migrationId, side);
  const { entries } = await store.list(prefix, { limit: mostWriters * 2 });
  return entries.map(({ key }) => sessionFromName(key.slice(prefix.length)));
}

/** All that is known of our sessions on a side. */
export async function eraseSessions(store: Store, migrationId: string, side: Side): Promise<void> {
  for (const prefix of [prefixes.sessions(migrationId, side), prefixes.writers(migrationId, side)]) {
    for await (const page of listPages(store, prefix)) {
      for (const { key } of page.entries) await store.delete(key);
    }
  }
}
