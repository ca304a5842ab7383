/**
 * The sessions that own our copies of clients' ephemerals: one for each session on the other side, as far as the bound on
 * connections allows; beyond it several share one. Copies are deleted by name, so sharing changes only whose name stands
 * in `ephemeralOwner`.
 *
 * Id and password are in the store before the first use, so that whoever leads next goes on with the same session.
 */
import { type Clock, createBackoff, type Random, sleep } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import { type ClientOptions, connect, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import type { Event, MirrorSession, Side } from '../core/types.ts';
import { SyncError } from '../errors.ts';
import { eraseMirrorSession, readMirrorSessions, storeMirrorSession } from '../store/sessions.ts';

/** Servers limit connections per address (`maxClientCnxns`, 60 by default), and other tools want some too. */
const mostSessions = 48;
/** More than any server grants, so that it grants the most it can. */
const askedTimeoutMs = 24 * 60 * 60 * 1000;
const attachTimeoutMs = 30_000;

export interface MirrorSessionsOptions {
  readonly side: Side;
  readonly client: ClientOptions;
  readonly store: Store;
  readonly migrationId: string;
  readonly post: (event: Event) => void;
  /** Of the store, while nobody awaits it. */
  readonly onFailure: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

interface Holder {
  readonly client: ZooKeeperClient;
  readonly sessionId: bigint;
  readonly origins: Set<bigint>;
}

export interface MirrorSessions {
  /** Takes over what a predecessor left, telling of each whether it is alive. */
  restore(): Promise<void>;
  /** The session for `originSession`, opened and stored first where there is none. */
  sessionFor(originSession: bigint): Promise<ZooKeeperClient>;
  /** Ends the session once no origin needs it. */
  release(originSession: bigint): Promise<void>;
  readonly count: number;
  list(): MirrorSession[];
  /** Leaves the sessions to a successor. */
  detach(): Promise<void>;
  /** Ends them all, and with them what they own. */
  endAll(): Promise<void>;
}

export function createMirrorSessions(options: MirrorSessionsOptions): MirrorSessions {
  const { side, store, migrationId, post } = options;
  const byOrigin = new Map<bigint, Holder>();
  const opening = new Map<bigint, Promise<Holder>>();
  const holders = new Set<Holder>();
  let detaching = false;

  const forget = async (holder: Holder) => {
    if (detaching || !holders.delete(holder)) return;
    for (const originSession of holder.origins) {
      byOrigin.delete(originSession);
      await eraseMirrorSession(store, migrationId, side, originSession);
      post({
        kind: 'mirrorSessionLost',
        session: { side, originSession, mirrorSession: holder.sessionId },
      });
    }
  };

  const hold = (client: ZooKeeperClient): Holder => {
    const holder: Holder = { client, sessionId: client.sessionId, origins: new Set() };
    holders.add(holder);
    client.on('state', (state) => {
      if (state === 'closed') forget(holder).catch(options.onFailure);
    });
    return holder;
  };

  const assign = async (holder: Holder, originSession: bigint, announce: boolean) => {
    const { id, password } = holder.client.session;
    if (announce) {
      await storeMirrorSession(store, migrationId, side, {
        originSession,
        id,
        password: Buffer.from(password),
      });
    }
    holder.origins.add(originSession);
    byOrigin.set(originSession, holder);
    post({ kind: 'mirrorSessionOpened', session: { side, originSession, mirrorSession: holder.sessionId } });
  };

  const open = async (originSession: bigint): Promise<Holder> => {
    const shared = holders.size >= mostSessions ? leastUsed(holders) : undefined;
    const holder =
      shared ??
      hold(
        await connect({
          ...options.client,
          sessionTimeoutMs: askedTimeoutMs,
          renewSession: false,
          connectTimeoutMs: 5_000,
        }),
      );
    await assign(holder, originSession, true);
    return holder;
  };

  const attach = async (id: bigint, password: Buffer): Promise<Holder | undefined> => {
    const backoff = createBackoff({ maxDelayMs: 2000, random: options.random });
    for (;;) {
      try {
        const client = await connect({
          ...options.client,
          sessionTimeoutMs: askedTimeoutMs,
          connectTimeoutMs: 5_000,
          readyTimeoutMs: attachTimeoutMs,
          renewSession: false,
          session: { id, password },
        });
        return hold(client);
      } catch (error) {
        if (options.signal.aborted) throw options.signal.reason;
        if (error instanceof ZooKeeperError && error.code === 'SessionExpired') return undefined;
        await sleep(options.clock, backoff.nextDelayMs(), options.signal);
      }
    }
  };

  return {
    get count() {
      return holders.size;
    },

    list: () =>
      [...byOrigin].map(([originSession, { sessionId }]) => ({
        side,
        originSession,
        mirrorSession: sessionId,
      })),

    async restore() {
      const stored = await readMirrorSessions(store, migrationId, side);
      const bySession = Map.groupBy(stored, (session) => session.id);
      await Promise.all(
        [...bySession].map(async ([id, sessions]) => {
          const password = sessions[0]?.password;
          if (password === undefined) return;
          const holder = await attach(id, password);
          for (const { originSession } of sessions) {
            if (holder !== undefined) {
              await assign(holder, originSession, false);
            } else {
              await eraseMirrorSession(store, migrationId, side, originSession);
              post({ kind: 'mirrorSessionLost', session: { side, originSession, mirrorSession: id } });
            }
          }
        }),
      );
    },

    async sessionFor(originSession) {
      const known = byOrigin.get(originSession);
      if (known !== undefined) return known.client;
      const pending = opening.get(originSession) ?? open(originSession);
      opening.set(originSession, pending);
      try {
        return (await pending).client;
      } finally {
        opening.delete(originSession);
      }
    },

    async release(originSession) {
      const holder = byOrigin.get(originSession);
      byOrigin.delete(originSession);
      holder?.origins.delete(originSession);
      // Forgotten last: a session that nobody knows for ours, but lives on, would be taken for a client's.
      if (holder?.origins.size === 0 && holders.delete(holder)) await holder.client.close();
      await eraseMirrorSession(store, migrationId, side, originSession);
    },

    async detach() {
      detaching = true;
      await Promise.all([...holders].map((holder) => holder.client.close({ keepSession: true })));
      holders.clear();
      byOrigin.clear();
    },

    async endAll() {
      detaching = true;
      await Promise.all([...holders].map((holder) => holder.client.close()));
      for (const { originSession } of await readMirrorSessions(store, migrationId, side)) {
        await eraseMirrorSession(store, migrationId, side, originSession);
      }
      holders.clear();
      byOrigin.clear();
    },
  };
}

function leastUsed(holders: ReadonlySet<Holder>): Holder {
  let least: Holder | undefined;
  for (const holder of holders) {
    if (least === undefined || holder.origins.size < least.origins.size) least = holder;
  }
  if (least === undefined) throw new SyncError('Stopped', 'no mirror session is held');
  return least;
}
