/** From the configuration to how an ensemble is reached: secrets are read here, at the last moment, and kept nowhere. */
import type { Digest, EnsembleAccess } from '@orchestrator/sync';
import type { ClusterConfig, ServerConfig } from './schema.ts';
import { readSecret } from './secret.ts';

async function readDigest(digest: ClusterConfig['sasl']): Promise<Digest | undefined> {
  return digest === undefined
    ? undefined
    : { username: digest.username, password: await readSecret(digest.password) };
}

function serversOf(cluster: ClusterConfig): readonly ServerConfig[] {
  return 'servers' in cluster.deploy ? (cluster.deploy.servers ?? []) : [];
}

/** `host:port,…`: as configured, else of the servers to be deployed. */
export function connectStringOf(cluster: ClusterConfig): string {
  if (cluster.zookeeper !== undefined) return cluster.zookeeper;
  return serversOf(cluster)
    .map((server) => `${server.host}:${server.client_port}`)
    .join(',');
}

/** Quorum ports: as configured, else of the servers to be deployed. */
function quorumServersOf(cluster: ClusterConfig): readonly string[] {
  if (cluster.quorum_servers.length > 0) return cluster.quorum_servers;
  return serversOf(cluster).map((server) => `${server.host}:${server.quorum_port}`);
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the keys whose value is `undefined`, which optional properties do not admit. */
export function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}

export async function accessOf(cluster: ClusterConfig): Promise<EnsembleAccess> {
  const auth = await Promise.all(
    cluster.auth.map(async ({ scheme, credential }) => ({
      scheme,
      credential: await readSecret(credential),
    })),
  );
  const optional = {
    sasl: await readDigest(cluster.sasl),
    tls: cluster.tls === undefined ? undefined : present(cluster.tls),
    quorumSasl: await readDigest(cluster.quorum_sasl),
    quorumTls: cluster.quorum_tls === undefined ? undefined : present(cluster.quorum_tls),
  };
  return {
    connectString: connectStringOf(cluster),
    quorumServers: quorumServersOf(cluster),
    auth,
    ...(present(optional) as Partial<EnsembleAccess>),
  };
}
