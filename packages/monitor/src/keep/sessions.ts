/** People who have logged in: a cookie each, of which only a digest is kept, in memory. A restart logs everybody out. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import type { Accounts } from './accounts.ts';

export interface Sessions {
  /** @throws MonitorError `unauthenticated`; `limit` after too many wrong passwords for a name */
  login(name: string, password: string): Promise<{ readonly principal: Principal; readonly cookie: string }>;
  /** For whoever has shown elsewhere who they are. @returns the cookie */
  begin(principal: Principal, lastsMs?: number): string;
  logout(request: IncomingMessage): void;
  /** Ends the sessions of an account, as after a change of its role. */
  end(name: string): void;
  find(request: IncomingMessage): Principal | undefined;
  /** A request that came with a session: whether that still goes on. Undefined if it came without. */
  isOver(request: IncomingMessage): boolean | undefined;
}

const cookieName = 'orchestrator_session';
/** Without a request. */
const idleMs = 12 * 3_600_000;
/** Whatever is done in it. */
const longestMs = 7 * 24 * 3_600_000;
const maxSessions = 10_000;
/** Wrong passwords in a row for one name, and how long nobody may try again. */
const maxFailures = 5;
const pauseMs = 30_000;
const maxFailingNames = 10_000;

interface Session {
  readonly principal: Principal;
  readonly endsMs: number;
  seenMs: number;
}

const digestOf = (token: string) => createHash('sha256').update(token).digest('base64');

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const parts = (headers.cookie ?? '').split(';').map((part) => part.trim().split('=', 2));
  return parts.find(([name]) => name === cookieName)?.[1];
}

export function createSessions(options: {
  readonly accounts: Accounts;
  readonly clock: Clock;
  /** The cookie is sent over TLS only. */
  readonly secure: boolean;
}): Sessions {
  const { accounts, clock, secure } = options;
  const sessions = new Map<string, Session>();
  const failures = new Map<string, { count: number; atMs: number }>();

  const cookie = (token: string, maxAgeS: number) =>
    `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;

  const checkPause = (name: string) => {
    const failed = failures.get(name);
    if (failed === undefined || failed.count < maxFailures) return;
    if (clock.monotonicMs() - failed.atMs >= pauseMs) failures.delete(name);
    else throw new MonitorError('limit', 'too many wrong passwords', { remedy: 'wait half a minute' });
  };

  const noteFailure = (name: string) => {
    if (failures.size >= maxFailingNames) failures.clear();
    failures.set(name, { count: (failures.get(name)?.count ?? 0) + 1, atMs: clock.monotonicMs() });
  };

  const begin = (principal: Principal, lastsMs = longestMs): string => {
    const [oldest] = sessions.keys();
    if (sessions.size >= maxSessions && oldest !== undefined) sessions.delete(oldest);
    const token = randomBytes(32).toString('base64url');
    const nowMs = clock.monotonicMs();
    sessions.set(digestOf(token), { principal, seenMs: nowMs, endsMs: nowMs + Math.min(lastsMs, longestMs) });
    return cookie(token, Math.floor(Math.min(lastsMs, longestMs) / 1_000));
  };

  const live = (token: string): Session | undefined => {
    const key = digestOf(token);
    const session = sessions.get(key);
    if (session === undefined) return undefined;
    const nowMs = clock.monotonicMs();
    if (nowMs - session.seenMs <= idleMs && nowMs < session.endsMs) return session;
    sessions.delete(key);
    return undefined;
  };

  return {
    begin,
    async login(name, password) {
      checkPause(name);
      const principal = await accounts.verify(name, password);
      if (principal === undefined) {
        noteFailure(name);
        throw new MonitorError('unauthenticated', 'name or password is wrong');
      }
      failures.delete(name);
      return { principal, cookie: begin(principal) };
    },
    logout(request) {
      const token = tokenOf(request);
      if (token !== undefined) sessions.delete(digestOf(token));
    },
    end(name) {
      for (const [key, { principal }] of sessions) if (principal.name === name) sessions.delete(key);
    },
    find(request) {
      const token = tokenOf(request);
      const session = token === undefined ? undefined : live(token);
      if (session === undefined) return undefined;
      session.seenMs = clock.monotonicMs();
      return session.principal;
    },
    isOver(request) {
      const token = tokenOf(request);
      return token === undefined || request.headers.authorization !== undefined
        ? undefined
        : live(token) === undefined;
    },
  };
}
