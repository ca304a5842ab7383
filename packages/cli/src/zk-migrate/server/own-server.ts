/** A coordinator with its API in this process: for `serve`, for `start` in the foreground, and for reading without a server. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createMigrationServer } from '@orchestrator/migration';
import { type Clock, type Logger, silentLogger } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import { CliError } from '../../program/errors.ts';
import { version } from '../../program/version.ts';
import type { ServerAddress } from './http-client.ts';
import { certificateOf, httpOptionsOf, openConfiguredStore, type ServerConfig } from './server-config.ts';
import { announceServer, makeWorkFolder, storeFileOf, withdrawServer } from './work-folder.ts';

export { loadServerConfig } from './server-config.ts';

export interface OwnServerOptions {
  readonly workFolder: string;
  readonly config: ServerConfig;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  readonly clock: Clock;
  /**
   * `coordinate`: performs migrations, and announces itself to commands. `read`: only answers from the store, for one
   * command; nothing is led and nothing announced.
   */
  readonly purpose: 'coordinate' | 'read';
}

export interface OwnServer {
  readonly address: ServerAddress;
  /** What is under way is interrupted; the next coordinator goes on with it. */
  stop(): Promise<void>;
}

const tokenBytes = 24;

const loopbackOnly = (token: string) => ({
  auth: { tokens: [{ name: 'local', role: 'admin' as const, token }] },
});

/** A server of a work folder listens at any address; its own commands come over loopback where they can. */
const reachable = (url: string) => url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=[:/]|$)/, '//127.0.0.1');

export async function startOwnServer(options: OwnServerOptions): Promise<OwnServer> {
  const { workFolder, config } = options;
  await makeWorkFolder(workFolder);
  const store = await openConfiguredStore(config, `sqlite:${storeFileOf(workFolder)}`);
  try {
    const server = await startOn(store, options);
    return {
      address: server.address,
      stop: async () => {
        await server.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw inWords(error, config);
  }
}

async function startOn(store: Store, options: OwnServerOptions): Promise<OwnServer> {
  const { workFolder, config, logger = silentLogger, clock, purpose } = options;
  const token = randomBytes(tokenBytes).toString('hex');
  const server = await createMigrationServer({
    store,
    workFolder: join(workFolder, 'migrations'),
    instance: config.instance ?? `${hostname()}-${process.pid}`,
    leaseMs: config.lease_sec * 1_000,
    logger,
    clock,
    http: purpose === 'read' ? loopbackOnly(token) : await httpOptionsOf(config, token),
    version,
  });
  const addressAt = (url: string) => ({ url: reachable(url), token, ...certificateOf(config) });
  if (purpose === 'read')
    return { address: addressAt(await server.http.listen()), stop: () => server.http.close() };
  const address = addressAt(await server.start());
  const stop = async () => {
    await withdrawServer(workFolder, process.pid);
    await server.stop();
  };
  try {
    await announceServer(workFolder, { ...address, pid: process.pid, startedMs: clock.nowMs() });
    return { address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const addressErrors: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND']);

/** Of all that can go wrong at the start, only the address has no words of ours yet. */
function inWords(error: unknown, { listen }: ServerConfig): unknown {
  if (!(error instanceof Error) || !addressErrors.has(Reflect.get(error, 'code'))) return error;
  return new CliError('config', `cannot listen at ${listen.host}:${listen.port}: ${error.message}`, {
    cause: error,
    remedy: 'choose another address or port with --listen',
  });
}
