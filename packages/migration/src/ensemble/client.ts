/** Sessions and observers of our own, from how an ensemble is reached. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '@orchestrator/runtime';
import type { EnsembleAccess, TlsFiles } from '@orchestrator/sync';
import {
  type ClientOptions,
  connect,
  type Observer,
  observe,
  type TlsOptions,
  type ZooKeeperClient,
} from '@orchestrator/zookeeper';
import { MigrationError } from '../errors.ts';

const readyTimeoutMs = 15_000;

export async function readTls(files: TlsFiles | undefined): Promise<{ tls?: TlsOptions }> {
  if (files === undefined) return {};
  const read = async (file: string): Promise<Buffer> =>
    readFile(file).catch((cause: unknown) => {
      throw new MigrationError('config', `the TLS file ${file} cannot be read`, {
        cause,
        remedy: 'check the path and its permissions on every coordinator',
      });
    });
  const [ca, cert, key] = await Promise.all([
    read(files.ca),
    files.cert === undefined ? undefined : read(files.cert),
    files.key === undefined ? undefined : read(files.key),
  ]);
  return { tls: { ca, ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) } };
}

export interface OpenClientOptions extends Partial<ClientOptions> {
  readonly readyTimeoutMs?: number;
}

/** A connected client; the caller closes it. */
export async function openClient(
  access: EnsembleAccess,
  clock: Clock,
  options: OpenClientOptions = {},
): Promise<ZooKeeperClient> {
  const auth = access.auth?.map(({ scheme, credential }) => ({ scheme, credentials: credential }));
  return connect({
    connectString: access.connectString,
    clock,
    readyTimeoutMs,
    ...(await readTls(access.tls)),
    ...(auth === undefined ? {} : { auth }),
    ...(access.sasl === undefined ? {} : { sasl: access.sasl }),
    ...options,
  });
}

export async function withClient<T>(
  access: EnsembleAccess,
  clock: Clock,
  work: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const client = await openClient(access, clock);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** An observer at the quorum port; `null` when no quorum port is known. */
export async function openObserver(access: EnsembleAccess, clock: Clock): Promise<Observer | null> {
  if (access.quorumServers === undefined || access.quorumServers.length === 0) return null;
  return observe({
    servers: access.quorumServers,
    clock,
    ...(await readTls(access.quorumTls)),
    ...(access.quorumSasl === undefined ? {} : { sasl: access.quorumSasl }),
  });
}
