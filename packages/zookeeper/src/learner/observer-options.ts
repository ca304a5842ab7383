import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { ZooKeeperError } from '../errors.ts';
import { type Host, parseConnectString } from '../session/connect-string.ts';
import { type Resolve, systemResolve } from '../session/endpoints.ts';
import type { SaslOptions } from '../session/options.ts';
import { type OpenTransport, socketTransport, type TlsOptions } from '../session/transport.ts';
import type { LeaderSearch } from './find-leader.ts';
import { quorumSasl } from './quorum-sasl.ts';
import type { SpoolOptions } from './spool.ts';

export interface ObserverOptions {
  /** Quorum addresses (`host:port`, the first port of `server.N`), or observer master ports of followers. */
  readonly servers: readonly string[];
  /** The last transaction held already. Default -1n: begin with a snapshot. */
  readonly resumeFrom?: bigint;
  /** A leader of an older epoch is refused. Default: the epoch of `resumeFrom`. */
  readonly lowestEpoch?: number;
  /** For `sslQuorum=true`. Default: plain TCP. */
  readonly tls?: TlsOptions;
  /** For `quorum.auth.enableSasl=true`: DIGEST-MD5 credentials of the quorum. Default: none. */
  readonly sasl?: SaslOptions;
  /** Our id; must not be that of a configured server. Default: a random one far below zero. */
  readonly sid?: bigint;
  /** For each server, up to its offer. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Leaders ping each half tick; one that sends nothing for this long is given up. Default 10,000. */
  readonly silenceTimeoutMs?: number;
  /** Longest pause between two searches for a leader; the first is a tenth of it. Default 500. */
  readonly maxRetryDelayMs?: number;
  /** What may wait for the consumer. */
  readonly spool?: SpoolOptions;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly resolve?: Resolve;
  readonly transport?: OpenTransport;
}

/** What stays the same from one search for a leader to the next. Throws `InvalidOption`. */
export function searchOf(options: ObserverOptions): Omit<LeaderSearch, 'resumeFrom' | 'lowestEpoch'> {
  const { sasl } = options;
  return {
    servers: parseQuorumAddresses(options.servers),
    resolve: options.resolve ?? systemResolve,
    open: options.transport ?? socketTransport(options.tls),
    authenticate: sasl === undefined ? undefined : () => quorumSasl(sasl),
    sid: options.sid ?? strangerSid(options.random ?? systemRandom),
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    silenceTimeoutMs: options.silenceTimeoutMs ?? 10_000,
    clock: options.clock ?? systemClock,
  };
}

function parseQuorumAddresses(servers: readonly string[]): readonly Host[] {
  for (const server of servers) {
    if (/:\d+$/.test(server)) continue;
    throw new ZooKeeperError(
      'InvalidOption',
      `server "${server}": give host:port with the quorum port, 2888 by custom`,
    );
  }
  return parseConnectString(servers.join(',')).hosts;
}

/** Configured servers have small ids, so this is nobody's. */
function strangerSid(random: Random): bigint {
  return -(2n ** 48n) - BigInt(random.below(2 ** 31)) * 65_536n - BigInt(random.below(65_536));
}
