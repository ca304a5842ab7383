import type { Clock } from '@orchestrator/runtime/clock';
import { ZooKeeperError } from '../errors.ts';
import type { Host } from '../session/connect-string.ts';
import type { Resolve } from '../session/endpoints.ts';
import type { OpenTransport } from '../session/transport.ts';
import { LeaderLink, type LinkHandlers, type QuorumAuthentication } from './link.ts';

export interface LeaderSearch {
  readonly servers: readonly Host[];
  readonly resolve: Resolve;
  readonly open: OpenTransport;
  readonly authenticate: (() => QuorumAuthentication) | undefined;
  readonly sid: bigint;
  readonly resumeFrom: bigint;
  readonly lowestEpoch: number;
  readonly connectTimeoutMs: number;
  readonly silenceTimeoutMs: number;
  readonly clock: Clock;
}

/** After the search the winner's handlers are the caller's. */
export type FollowHandlers = Pick<LinkHandlers, 'onBytes' | 'onEnd'>;

/**
 * Asks all servers at once; the first that makes an offer wins. Only the leader listens on the quorum port (and followers
 * with an `observerMasterPort` on that one), so the others refuse.
 *
 * Rejects with `NoLeader`, naming what each server said, or with the signal's reason.
 */
export function findLeader(
  search: LeaderSearch,
  follow: FollowHandlers,
  signal: AbortSignal,
): Promise<LeaderLink> {
  return new Promise((resolve, reject) => {
    const links = new Set<LeaderLink>();
    const failures: string[] = [];
    let open = search.servers.length;
    let winner: LeaderLink | undefined;
    let settled = false;

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      signal.removeEventListener('abort', abort);
      for (const link of links) if (link !== winner) link.destroy();
      return true;
    };
    const abort = () => {
      if (settle()) reject(signal.reason);
    };
    const fail = (server: string, reason: unknown) => {
      failures.push(`${server}: ${reason instanceof Error ? reason.message : String(reason)}`);
      if (--open === 0 && settle()) reject(noLeader(failures));
    };
    const attempt = (host: Host, address: string) => {
      const link = new LeaderLink(
        {
          ...search,
          endpoint: { ...host, address },
          authentication: search.authenticate?.(),
        },
        {
          onOffer(offered) {
            winner = offered;
            if (settle()) resolve(offered);
          },
          onBytes: follow.onBytes,
          onEnd: (reason) => (link === winner ? follow.onEnd(reason) : fail(link.server, reason)),
        },
      );
      links.add(link);
    };

    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    for (const host of search.servers) {
      search.resolve(host.host).then(
        (addresses) => {
          if (settled) return;
          open += addresses.length - 1;
          for (const address of addresses) attempt(host, address);
        },
        (error) => fail(`${host.host}:${host.port}`, error),
      );
    }
  });
}

function noLeader(failures: readonly string[]): ZooKeeperError {
  return new ZooKeeperError(
    'NoLeader',
    `no server accepts us as an observer (${failures.join('; ')}). The addresses must be those of the quorum ports ` +
      '(the first port of server.N, 2888 by custom), reachable from here; followers refuse, one must not',
  );
}
