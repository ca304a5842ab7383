import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { ZooKeeperError } from '../errors.ts';
import { type ConnectString, parseConnectString } from './connect-string.ts';
import { type Resolve, systemResolve } from './endpoints.ts';
import { type OpenTransport, socketTransport, type TlsOptions } from './transport.ts';

/** Credentials of one authentication scheme, sent on every connection. */
export interface Auth {
  /** `digest` for example. */
  scheme: string;
  /** For `digest`: `user:password`. */
  credentials: string | Uint8Array;
}

/** SASL DIGEST-MD5, which servers offer with the `SASLAuthenticationProvider` and a `Server` section of JAAS. */
export interface SaslOptions {
  username: string;
  password: string;
  /** Default: what the server offers. */
  realm?: string;
  /** First part of the server's principal. Default `zookeeper`. */
  service?: string;
  /** The server's name in the digest, the same for all servers. Default `zk-sasl-md5`. */
  serverName?: string;
}

/** An existing session to go on with: it keeps its ephemeral nodes, whichever process held it before. */
export interface SessionIdentity {
  id: bigint;
  /** As the former holder was told, or from `sessionPassword(id)`. */
  password: Uint8Array;
}

export interface ClientOptions {
  /** `host:port,host:port/chroot`; the port is 2181 where it is left out, IPv6 addresses stand in brackets. */
  connectString: string;
  /** What to ask for; the servers keep it within 2 to 20 ticks. Default 30 000. */
  sessionTimeoutMs?: number;
  /** For each attempt at one server, up to its answer. Default: the session timeout shared among the servers, at most 10 000. */
  connectTimeoutMs?: number;
  auth?: readonly Auth[];
  /** Default: none. */
  sasl?: SaslOptions;
  /** TLS when given, even if empty. Default: plain TCP. */
  tls?: TlsOptions;
  /** Also accept a server that is cut off from its quorum, until one that is not is found. Default false. */
  canBeReadOnly?: boolean;
  /** Attach to this session instead of starting one. */
  session?: SessionIdentity;
  /** After the session has expired, start another by itself. Default true; false closes the client instead. */
  renewSession?: boolean;
  /** Requests sent and not yet answered. Default 1 000. */
  maxInFlight?: number;
  /** Requests that wait for room or for a connection; more fail with `QueueFull`. Default 100 000. */
  maxQueued?: number;
  /** Largest request, as `jute.maxbuffer` of the servers. Default 1 048 575. */
  juteMaxBuffer?: number;
  /** Largest reply; servers do not limit lists of children. A larger one fails that request alone. Default 64 MiB. */
  maxReplyBytes?: number;
  clock?: Clock;
  random?: Random;
  /** Finds the addresses of a server's name. Default: the system's resolver. */
  resolve?: Resolve;
  /** Opens the byte stream to a server; takes the place of `tls`. Default: a socket. */
  transport?: OpenTransport;
}

export interface ResolvedOptions extends ConnectString {
  readonly sessionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly auth: readonly Auth[];
  readonly sasl: SaslOptions | undefined;
  readonly canBeReadOnly: boolean;
  readonly session: SessionIdentity | undefined;
  readonly renewSession: boolean;
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly juteMaxBuffer: number;
  readonly maxReplyBytes: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolve: Resolve;
  readonly transport: OpenTransport;
}

const longestConnectMs = 10_000;

function positiveInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ZooKeeperError('InvalidOption', `${name} is ${value}; give a positive integer`);
}

/** Fills in the defaults. Throws `InvalidOption` or `InvalidPath`. */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const { hosts, chroot } = parseConnectString(options.connectString);
  const sessionTimeoutMs = positiveInteger('sessionTimeoutMs', options.sessionTimeoutMs ?? 30_000);
  const shareMs = Math.max(1, Math.floor(sessionTimeoutMs / hosts.length));
  return {
    hosts,
    chroot,
    sessionTimeoutMs,
    connectTimeoutMs: positiveInteger(
      'connectTimeoutMs',
      options.connectTimeoutMs ?? Math.min(shareMs, longestConnectMs),
    ),
    auth: options.auth ?? [],
    sasl: options.sasl,
    canBeReadOnly: options.canBeReadOnly ?? false,
    session: options.session,
    renewSession: options.renewSession ?? true,
    maxInFlight: positiveInteger('maxInFlight', options.maxInFlight ?? 1000),
    maxQueued: positiveInteger('maxQueued', options.maxQueued ?? 100_000),
    juteMaxBuffer: positiveInteger('juteMaxBuffer', options.juteMaxBuffer ?? 0xfffff),
    maxReplyBytes: positiveInteger('maxReplyBytes', options.maxReplyBytes ?? 64 * 1024 * 1024),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    resolve: options.resolve ?? systemResolve,
    transport: options.transport ?? socketTransport(options.tls),
  };
}
