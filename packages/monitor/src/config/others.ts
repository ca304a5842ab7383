/** From the configuration to the servers of others that are asked: Mesos masters, coordinators of migrations. */
import { createHostListDetector } from '@orchestrator/mesos';
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { openStore, type Store } from '@orchestrator/store';
import { type MesosCluster, openCluster } from '../cluster/cluster.ts';
import type { ClusterDetector } from '../cluster/follow.ts';
import { MonitorError } from '../errors.ts';
import type { CoordinatorPlace } from '../migrations/coordinator.ts';
import type { Environment } from './access.ts';
import { type LoadedMonitorConfig, readConfigFile, readSecret } from './load.ts';

/** Finds the masters of what `cluster.master` names; `close` is called at the end. */
export type CreateDetector = (master: string) => Promise<OpenDetector> | OpenDetector;

export interface OpenDetector extends ClusterDetector {
  close?(): Promise<void> | void;
}

const isHostList = (master: string) => master.split(',').every((host) => /^[^\s/,]+:\d+$/.test(host.trim()));

function authorizationOf({ cluster }: LoadedMonitorConfig, env: Environment): { authorization?: string } {
  const { principal, secret } = cluster;
  if (secret === undefined) return {};
  const text = readSecret(secret, env);
  if (principal === undefined) return { authorization: `Bearer ${text}` };
  return { authorization: `Basic ${Buffer.from(`${principal}:${text}`).toString('base64')}` };
}

/**
 * Follows the masters that are configured; undefined if there are none.
 *
 * @throws MonitorError `config` for masters that cannot be found this way, or a secret that cannot be read
 */
export async function openConfiguredCluster(options: {
  readonly config: LoadedMonitorConfig;
  readonly env: Environment;
  readonly createDetector: CreateDetector | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<MesosCluster | undefined> {
  const { config, env, createDetector, clock, logger } = options;
  const { master, scheme } = config.cluster;
  if (master === undefined) return undefined;
  const access = { scheme, ...authorizationOf(config, env) };
  if (isHostList(master)) {
    const addresses = master.split(',').map((host) => host.trim());
    const detector = createHostListDetector({ masters: addresses, scheme, clock });
    return openCluster({ detector, addresses, access, clock, logger });
  }
  if (createDetector === undefined) {
    throw new MonitorError('config', `"${master}" is no list of HOST:PORT`, {
      remedy: 'list the masters with commas between them, as 10.0.0.1:5050,10.0.0.2:5050',
    });
  }
  const detector = await createDetector(master);
  const cluster = openCluster({ detector, addresses: [], access, clock, logger });
  return {
    ...cluster,
    async close() {
      await cluster.close();
      await detector.close?.();
    },
  };
}

/** @throws MonitorError `config` for files and secrets that cannot be read */
export function coordinatorPlaces(config: LoadedMonitorConfig, env: Environment): CoordinatorPlace[] {
  return config.migrations.coordinators.map(({ name, url, token, ca }) => ({
    ...{ name, url },
    ...(token === undefined ? {} : { token: readSecret(token, env) }),
    ...(ca === undefined ? {} : { ca: readConfigFile(ca) }),
  }));
}

/** What `createSharing` needs of the configuration; undefined if nothing is shared. @throws MonitorError `config`, StoreError */
export async function sharedStore(
  { sharing, probes }: LoadedMonitorConfig,
  env: Environment,
  clock: Clock,
): Promise<{ store: Store; token: string; ca?: Buffer } | undefined> {
  if (sharing.store === undefined) return undefined;
  if (probes.tls !== undefined && sharing.ca === undefined) {
    throw new MonitorError('config', 'probes.tls is set, and there is no sharing.ca to know the others by', {
      remedy: 'name the PEM file of the authorities of their certificates',
    });
  }
  const reference = sharing.token ?? probes.tokens[0];
  return {
    store: await openStore(sharing.store, { clock }),
    token: reference === undefined ? '' : readSecret(reference, env),
    ...(probes.tls === undefined || sharing.ca === undefined ? {} : { ca: readConfigFile(sharing.ca) }),
  };
}
