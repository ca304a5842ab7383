/**
 * The sessions that an ensemble knows, connected or not: a client that is only cut off for a moment counts as well. Only an
 * observer sees them all.
 */
import type { Clock } from '@orchestrator/runtime';
import type { EnsembleAccess } from '@orchestrator/sync';
import type { ObserverEvent } from '@orchestrator/zookeeper';
import { openObserver } from './client.ts';

/** What a session takes to expire beyond its timeout: the leader looks once a tick. */
const expiryGraceMs = 5_000;
const longestWaitMs = 60_000;

export interface SessionsLeft {
  /** Not ours, and still open at the end of the wait; as ZooKeeper prints them. */
  readonly left: readonly string[];
  /** How many were ours. */
  readonly own: number;
}

/** Session ids and their timeouts, as far as an observer has told them. */
class SessionTable {
  readonly timeouts = new Map<bigint, number>();

  take(event: ObserverEvent): void {
    if (event.type === 'snapshot') this.timeouts.clear();
    if (event.type === 'sessions')
      for (const { id, timeoutMs } of event.sessions) this.timeouts.set(id, timeoutMs);
    if (event.type !== 'txns') return;
    for (const { sessionId, ops } of event.txns) {
      for (const op of ops) {
        if (op.kind === 'createSession') this.timeouts.set(sessionId, op.timeoutMs);
        if (op.kind === 'closeSession') this.timeouts.delete(sessionId);
      }
    }
  }
}

const nameOf = (id: bigint) => `0x${BigInt.asUintN(64, id).toString(16)}`;

/**
 * Waits until every session but `own` is closed or has expired, no longer than the longest of their timeouts.
 *
 * @returns `null` when no quorum port is known or can be reached, so that nobody can tell
 */
export async function awaitSessionsGone(
  access: EnsembleAccess,
  own: ReadonlySet<bigint>,
  clock: Clock,
  signal: AbortSignal,
): Promise<SessionsLeft | null> {
  const observer = await openObserver(access, clock);
  if (observer === null) return null;
  const table = new SessionTable();
  const close = () => observer.close();
  signal.addEventListener('abort', close, { once: true });
  let timer = clock.after(longestWaitMs, close);
  let synced = false;
  const foreign = () => [...table.timeouts].filter(([id]) => !own.has(id));
  try {
    for await (const event of observer) {
      table.take(event);
      if (event.type === 'synced' && !synced) {
        synced = true;
        timer.cancel();
        const longest = Math.max(0, ...foreign().map(([, timeoutMs]) => timeoutMs));
        timer = clock.after(Math.min(longest + expiryGraceMs, longestWaitMs), close);
      }
      if (event.type === 'unreachable' && !synced) return null;
      if (synced && foreign().length === 0) break;
    }
    signal.throwIfAborted();
    if (!synced) return null;
    const left = foreign().map(([id]) => nameOf(id));
    return { left, own: table.timeouts.size - left.length };
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', close);
  }
}
