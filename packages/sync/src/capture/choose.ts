/** Which way of capture can be had, and why. */
import type { Clock } from '@orchestrator/runtime';
import { observe, type ZooKeeperClient } from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';
import type { CaptureMode } from '../engine-types.ts';
import { reasonOf, SyncError } from '../errors.ts';
import { isAtLeast, type ServerVersion } from './server-version.ts';

export interface CaptureChoice {
  readonly mode: CaptureMode;
  readonly reason: string;
}

export interface ChooseOptions {
  readonly ensemble: ReachableEnsemble;
  readonly wanted: CaptureMode | 'auto';
  readonly version: ServerVersion | undefined;
  readonly clock: Clock;
  /** Why there is no observer any more: it is not tried again. */
  readonly observerLost?: string | undefined;
  /** How long a quorum port may take to accept us. */
  readonly timeoutMs: number;
}

/** Throws `NoObserver` when the observer was demanded and cannot be had. */
export async function chooseCapture(options: ChooseOptions): Promise<CaptureChoice> {
  const { wanted, version } = options;
  if (wanted === 'scan') return { mode: 'scan', reason: 'demanded by the configuration' };
  if (wanted === 'watch') return { mode: 'watch', reason: 'demanded by the configuration' };
  if (options.observerLost !== undefined) return overClientPort(options.observerLost, version);
  const observer = await tryObserver(options);
  if (observer.joined) return { mode: 'observer', reason: observer.reason };
  if (wanted === 'observer') {
    throw new SyncError(
      'NoObserver',
      `capture "observer" was demanded of ${options.ensemble.name}, but ${observer.reason}. ` +
        'Open the quorum port to this host, or set capture to "auto"',
    );
  }
  return overClientPort(observer.reason, version);
}

function overClientPort(noObserver: string, version: ServerVersion | undefined): CaptureChoice {
  const persistentWatches = version !== undefined && isAtLeast(version, 3, 6);
  const servers = version === undefined ? 'servers of unknown version' : `servers of ${version.text}`;
  return persistentWatches
    ? { mode: 'watch', reason: `${noObserver}; ${servers} have persistent watches` }
    : { mode: 'scan', reason: `${noObserver}; ${servers} may lack persistent watches` };
}

/** Joins for a moment: that a port is open says little, since TLS or SASL may be asked for. */
export async function tryObserver(
  options: Pick<ChooseOptions, 'ensemble' | 'clock' | 'timeoutMs'>,
): Promise<{ joined: boolean; reason: string }> {
  const { ensemble, clock, timeoutMs } = options;
  if (ensemble.quorumServers.length === 0) return { joined: false, reason: 'no quorum addresses are given' };
  const observer = observe({ ...ensemble.observer, servers: ensemble.quorumServers });
  const timer = clock.after(timeoutMs, () => observer.close());
  let problem = `no leader took us as an observer within ${timeoutMs} ms`;
  try {
    for await (const event of observer) {
      if (event.type === 'connected')
        return { joined: true, reason: `the leader ${event.server} takes observers` };
      if (event.type === 'unreachable') problem = reasonOf(event.reason);
    }
    return { joined: false, reason: problem };
  } finally {
    timer.cancel();
  }
}

/** What the servers can store besides plain nodes. */
export interface ServerTraits {
  readonly hasContainers: boolean;
  readonly hasTtl: boolean;
}

/**
 * Tries it out with a node below `folder`, which must exist: whether TTL nodes are allowed is a setting that cannot be
 * read. On servers of unknown version nothing is tried, since 3.4 answers what it does not know by closing the session.
 */
export async function probeTraits(
  client: ZooKeeperClient,
  folder: string,
  version: ServerVersion | undefined,
): Promise<ServerTraits> {
  if (version === undefined || !isAtLeast(version, 3, 5)) return { hasContainers: false, hasTtl: false };
  const path = `${folder}/ttl-probe-${client.sessionId.toString(16)}`;
  try {
    await client.create(path, null, { mode: 'persistentWithTtl', ttlMs: 60_000 });
  } catch {
    return { hasContainers: true, hasTtl: false }; // whatever the reason, TTL nodes cannot be made here
  }
  await client.delete(path);
  return { hasContainers: true, hasTtl: true };
}
