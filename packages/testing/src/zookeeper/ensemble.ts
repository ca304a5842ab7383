/** Real ZooKeeper ensembles on this machine. */
import { join } from 'node:path';
import { type Certificates, testCertificates } from '../certificates.ts';
import { TestingError } from '../errors.ts';
import type { NetworkHost } from '../network/network.ts';
import { removeFolder, temporaryFolder } from '../temporary-folder.ts';
import { waitFor } from '../wait-for.ts';
import { findDistribution, type ZooKeeperVersion } from './distribution.ts';
import { layOut } from './layout.ts';
import { jaasFile, type SecurityOptions, securityConfig } from './security.ts';
import { EnsembleServer } from './server.ts';
import { serverConfig } from './server-config.ts';

export interface EnsembleOptions extends SecurityOptions {
  /** Voting members, default 3. */
  servers?: number;
  /** Members that follow without a vote, default 0; their ids come after those of the voting ones. */
  observers?: number;
  /** Default `3.8`. */
  version?: ZooKeeperVersion;
  /** Lines of zoo.cfg to add or to replace. */
  config?: Readonly<Record<string, string>>;
  /** Appended to each server's command line, e.g. `-Djute.maxbuffer=2097152`. */
  jvmFlags?: readonly string[];
  /** Largest heap of each server, default 192. */
  heapMb?: number;
  /** Default 500. The smallest session timeout is two ticks. */
  tickTimeMs?: number;
  /** The servers' folders are made in here and left there at the end; without it they are temporary. */
  dataDir?: string;
  /** Data folders of single servers by id, e.g. on a `SmallDisk`. */
  dataDirs?: Readonly<Record<number, string>>;
  /**
   * Followers serve observers, on one more port (3.8 and up). It has to be the same for all, since an observer looks
   * for it on every server by its own configuration; so the servers take 127.0.0.1, 127.0.0.2, … then.
   */
  observerMaster?: boolean;
  /** Hosts of a `Network` that the servers go to in turn; without it all are on 127.0.0.1. */
  hosts?: readonly NetworkHost[];
}

const startAttempts = 3;

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

function expectPossible(version: ZooKeeperVersion, options: EnsembleOptions): void {
  const { tls, quorumTls, observerMaster } = options;
  if (version === '3.4' && (tls !== undefined || quorumTls !== undefined || observerMaster === true)) {
    throw new TestingError('InvalidOption', 'ZooKeeper 3.4 has neither TLS nor observer masters');
  }
}

/**
 * Everything in place and nothing started: for tests that put files into the data folders first.
 *
 * @throws TestingError `MissingProgram` when the version is not installed, `InvalidOption`
 */
export async function createEnsemble(options: EnsembleOptions = {}): Promise<Ensemble> {
  const { version = '3.8', tickTimeMs = 500, heapMb = 192, jvmFlags = [] } = options;
  expectPossible(version, options);
  const distribution = findDistribution(version);
  const secure = options.tls !== undefined || options.quorumTls !== undefined;
  const certificates = secure ? await testCertificates() : undefined;
  const config = { ...securityConfig(options, certificates), ...options.config };
  const members = await layOut({
    servers: options.servers ?? 3,
    observers: options.observers ?? 0,
    hosts: options.hosts ?? [],
    secureClientPort: options.tls !== undefined,
    observerMasterPort: options.observerMaster === true,
  });
  const parent = options.dataDir ?? (await temporaryFolder('zookeeper'));
  const servers = members.map((self) => {
    const folder = join(parent, `server-${self.id}`);
    const dataDir = options.dataDirs?.[self.id] ?? join(folder, 'data');
    const text = serverConfig({ self, members, version, dataDir, tickTimeMs, config });
    const files = { config: text, jaas: jaasFile(options) };
    return new EnsembleServer({ address: self, folder, dataDir, ...files, distribution, heapMb, jvmFlags });
  });
  await Promise.all(servers.map((server) => server.prepare()));
  const temporary = options.dataDir === undefined ? parent : undefined;
  return new Ensemble({ servers, version, certificates, temporary });
}

/**
 * A running ensemble with a leader. Its processes die with this one, however it dies.
 *
 * @throws TestingError `StartFailed` with the end of a server's log, `MissingProgram` when ZooKeeper is not installed
 */
export async function startEnsemble(options: EnsembleOptions = {}): Promise<Ensemble> {
  for (let attempt = 1; ; attempt++) {
    const ensemble = await createEnsemble(options);
    try {
      await ensemble.start();
      await ensemble.waitForQuorum();
      return ensemble;
    } catch (error) {
      await ensemble.close();
      // Another process may have taken a port since it was found free.
      const portTaken = /Address already in use|BindException/.test(String(error));
      if (!portTaken || attempt === startAttempts) throw error;
    }
  }
}
