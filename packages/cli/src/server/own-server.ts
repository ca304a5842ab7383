/** A coordinator with its API in this process: for `serve`, for `start` in the foreground, and for reading without a server. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createMigrationServer } from '@orchestrator/migration';
import { type Clock, type Logger, silentLogger } from '@orchestrator/runtime';
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
  const { workFolder, config, logger = silentLogger, clock, purpose } = options;
  await makeWorkFolder(workFolder);
  const store = await openConfiguredStore(config, `sqlite:${storeFileOf(workFolder)}`);
  const token = randomBytes(tokenBytes).toString('hex');
  try {
    const server = await createMigrationServer({
      store,
      workFolder: join(workFolder, 'migrations'),
      instance: config.instance ?? `${hostname()}-${process.pid}`,
      leaseMs: config.lease_sec * 1_000,
      logger,
      clock,
      http: purpose === 'read' ? loopbackOnly(token) : httpOptionsOf(config, token),
    });
    const url = reachable(purpose === 'read' ? await server.http.listen() : await server.start());
    const address = { url, token, ...certificateOf(config) };
    if (purpose === 'coordinate')
      await announceServer(workFolder, { ...address, pid: process.pid, startedMs: clock.nowMs() });
    return {
      address,
      stop: async () => {
        if (purpose === 'coordinate') await withdrawServer(workFolder, process.pid);
        await (purpose === 'read' ? server.http.close() : server.stop());
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
