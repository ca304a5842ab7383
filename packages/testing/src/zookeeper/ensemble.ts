/** A real ZooKeeper ensemble on this machine, and what can be asked of all of it. */
import type { Certificates } from '../certificates.ts';
import { TestingError } from '../errors.ts';
import { removeFolder } from '../temporary-folder.ts';
import { waitFor } from '../wait-for.ts';
import type { ZooKeeperVersion } from './distribution.ts';
import type { EnsembleServer } from './server.ts';

export class Ensemble implements AsyncDisposable {
  readonly servers: readonly EnsembleServer[];
  readonly version: ZooKeeperVersion;
  /** `host:port` of every server, comma-separated. */
  readonly connectString: string;
  /** The same with the TLS ports; undefined without `tls`. */
  readonly secureConnectString: string | undefined;
  /** What the servers use, and what clients need to talk to them; undefined without TLS. */
  readonly certificates: Certificates | undefined;
  readonly #temporary: string | undefined;

  constructor(parts: {
    servers: readonly EnsembleServer[];
    version: ZooKeeperVersion;
    certificates: Certificates | undefined;
    temporary: string | undefined;
  }) {
    this.servers = parts.servers;
    this.version = parts.version;
    this.certificates = parts.certificates;
    this.connectString = this.servers.map((server) => server.connectString).join(',');
    const secure = this.servers.filter((server) => server.secureClientPort !== undefined);
    this.secureConnectString =
      secure.length === 0
        ? undefined
        : secure.map(({ host, secureClientPort }) => `${host}:${secureClientPort}`).join(',');
    this.#temporary = parts.temporary;
  }

  /** Starts all that are stopped. @throws as `EnsembleServer.start` */
  async start(): Promise<void> {
    const stopped = this.servers.filter((server) => server.state === 'stopped');
    await Promise.all(stopped.map((server) => server.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** @throws TestingError `InvalidOption` when there is none with this id */
  server(id: number): EnsembleServer {
    const found = this.servers.find((server) => server.id === id);
    if (found === undefined)
      throw new TestingError('InvalidOption', `no server ${id} in ${this.connectString}`);
    return found;
  }

  /** The server that leads now, if one does; a standalone one counts. */
  async leader(): Promise<EnsembleServer | undefined> {
    const states = await this.#states();
    return states.find(({ state }) => state === 'leader' || state === 'standalone')?.server;
  }

  async follower(): Promise<EnsembleServer | undefined> {
    const states = await this.#states();
    return states.find(({ state }) => state === 'follower')?.server;
  }

  /**
   * Resolves with the leader when one leads and every running server serves.
   *
   * @throws TestingError `Timeout`, or `StartFailed` when all have died
   */
  async waitForQuorum(options: { timeoutMs?: number } = {}): Promise<EnsembleServer> {
    let last = '';
    return await waitFor(
      async () => {
        const states = await this.#states();
        last = states.map(({ server, state }) => `${server.id} ${state}`).join(', ');
        const leaders = states.filter(({ state }) => state === 'leader' || state === 'standalone');
        const serving = states.every(({ state }) => state !== 'unreachable' && state !== 'looking');
        return serving && leaders.length === 1 ? leaders[0]?.server : undefined;
      },
      { what: () => `a quorum; saw ${last}`, timeoutMs: options.timeoutMs ?? 60_000, intervalMs: 50 },
    );
  }

  /** Sends a four-letter word to a server, e.g. `mntr`. */
  fourLetter(server: EnsembleServer, word: string): Promise<string> {
    return server.fourLetter(word);
  }

  /** Kills what runs and removes the temporary folders. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    if (this.#temporary !== undefined) await removeFolder(this.#temporary);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #states(): Promise<{ server: EnsembleServer; state: string }[]> {
    const running = this.servers.filter((server) => server.state === 'running');
    return Promise.all(
      running.map(async (server) => {
        const monitor = await server.monitor().catch((error) => {
          if (error instanceof TestingError && error.retryable) return undefined;
          throw error;
        });
        return {
          server,
          state: monitor === undefined ? 'unreachable' : (monitor.get('zk_server_state') ?? 'looking'),
        };
      }),
    );
  }
}
