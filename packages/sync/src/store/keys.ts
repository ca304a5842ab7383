/**
 * Where the engine keeps what must outlive it:
 *
 *   sync/<migration>/sessions/<side>/<origin session>    a mirror session: its id and password
 *   sync/<migration>/writers/<side>/<session>            a session that wrote to that side
 *   sync/<migration>/conflicts/<id>                      a conflict and what became of it
 *   sync/<migration>/choices/<path, hashed>              an operator's decision that is not carried out yet
 *   sync/<migration>/blocked/<side>/<path's hash>        a path that one side refuses
 *   sync/<migration>/paused                              there while synchronisation is paused
 *   sync/<migration>/own-secret                          what opens the engine's own znodes
 *   sync/<migration>/ledger/<path and what, hashed>      what could not be carried
 */
import { createHash } from 'node:crypto';
import type { Side } from '../core/types.ts';

export const prefixes = {
  sessions: (migrationId: string, side: Side) => `sync/${migrationId}/sessions/${side}/`,
  writers: (migrationId: string, side: Side) => `sync/${migrationId}/writers/${side}/`,
  conflicts: (migrationId: string) => `sync/${migrationId}/conflicts/`,
  choices: (migrationId: string) => `sync/${migrationId}/choices/`,
  blocked: (migrationId: string, side: Side) => `sync/${migrationId}/blocked/${side}/`,
  ledger: (migrationId: string) => `sync/${migrationId}/ledger/`,
} as const;

export const ownSecretKey = (migrationId: string) => `sync/${migrationId}/own-secret`;

/** Name of the lock whose holder leads. */
export const leadershipName = (migrationId: string) => `sync/${migrationId}`;

/** Paths may be longer than a store's key. */
export function hashed(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 40);
}

/** A session's id as ZooKeeper's own logs and tools print it. */
export const sessionName = (id: bigint) => `0x${BigInt.asUintN(64, id).toString(16)}`;

export const sessionFromName = (name: string) => BigInt.asIntN(64, BigInt(name));
