/** From how an ensemble is reached to the options of the client and of the observer. */
import { readFile } from 'node:fs/promises';
import type { Clock, Random } from '@orchestrator/runtime';
import type { ClientOptions, ObserverOptions, TlsOptions } from '@orchestrator/zookeeper';
import type { EnsembleAccess, TlsFiles } from './engine-types.ts';
import { reasonOf, SyncError } from './errors.ts';

/** An ensemble's access with its files read, so that nothing can go wrong later on. */
export interface ReachableEnsemble {
  /** For messages and logs; without credentials. */
  readonly name: string;
  readonly quorumServers: readonly string[];
  readonly client: ClientOptions;
  readonly observer: Omit<ObserverOptions, 'servers' | 'resumeFrom'>;
}

async function readPem(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SyncError('BadOption', `${what}: cannot read ${path} (${reasonOf(error)})`, error);
  }
}

async function readTls(files: TlsFiles | undefined, what: string): Promise<{ tls?: TlsOptions }> {
  if (files === undefined) return {};
  const [ca, cert, key] = await Promise.all([
    readPem(files.ca, `${what}.ca`),
    files.cert === undefined ? undefined : readPem(files.cert, `${what}.cert`),
    files.key === undefined ? undefined : readPem(files.key, `${what}.key`),
  ]);
  return { tls: { ca, ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) } };
}

/** Reads the TLS files. Throws `BadOption`, naming the file that cannot be read. */
export async function resolveAccess(
  access: EnsembleAccess,
  time: { readonly clock: Clock; readonly random: Random },
): Promise<ReachableEnsemble> {
  const [clientTls, quorumTls] = await Promise.all([
    readTls(access.tls, 'tls'),
    readTls(access.quorumTls, 'quorumTls'),
  ]);
  const auth = access.auth?.map(({ scheme, credential }) => ({ scheme, credentials: credential }));
  return {
    name: access.connectString,
    quorumServers: access.quorumServers ?? [],
    client: {
      connectString: access.connectString,
      ...time,
      ...clientTls,
      ...(auth === undefined ? {} : { auth }),
      ...(access.sasl === undefined ? {} : { sasl: { ...access.sasl } }),
    },
    observer: {
      ...time,
      ...quorumTls,
      ...(access.quorumSasl === undefined ? {} : { sasl: { ...access.quorumSasl } }),
    },
  };
}
