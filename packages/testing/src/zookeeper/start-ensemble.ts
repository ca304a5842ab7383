/** Lays out, configures and starts ensembles. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testCertificates } from '../certificates.ts';
import { TestingError } from '../errors.ts';
import type { NetworkHost } from '../network/network.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { classArchiveFlags } from './class-archive.ts';
import { findDistribution, type ZooKeeperVersion } from './distribution.ts';
import { Ensemble } from './ensemble.ts';
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

function expectPossible(version: ZooKeeperVersion, options: EnsembleOptions): void {
  const { tls, quorumTls, observerMaster } = options;
  if (version === '3.4' && (tls !== undefined || quorumTls !== undefined || observerMaster === true)) {
    throw new TestingError('InvalidOption', 'ZooKeeper 3.4 has neither TLS nor observer masters');
  }
}

/** Everything in place and nothing started, with nothing on the command line but what the options say. */
async function assemble(options: EnsembleOptions): Promise<Ensemble> {
  const { version = '3.8', tickTimeMs = 500, heapMb = 192, jvmFlags = [] } = options;
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

/** Runs a server to the point where it leads, and lets it end by itself. */
async function trainOneServer(version: ZooKeeperVersion, jvmFlag: string): Promise<void> {
  const config = { standaloneEnabled: 'false' };
  await using ensemble = await assemble({ version, servers: 1, config, jvmFlags: [jvmFlag] });
  await ensemble.start();
  await ensemble.waitForQuorum();
  await ensemble.stop();
}

/**
 * Everything in place and nothing started: for tests that put files into the data folders first.
 *
 * @throws TestingError `MissingProgram` when the version is not installed, `InvalidOption`
 */
export async function createEnsemble(options: EnsembleOptions = {}): Promise<Ensemble> {
  const { version = '3.8', jvmFlags = [] } = options;
  expectPossible(version, options);
  const archive = await classArchiveFlags(version, (flag) => trainOneServer(version, flag));
  return assemble({ ...options, jvmFlags: [...archive, ...jvmFlags] });
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
      // Another process may have taken a port since it was found free.
      const read = (server: EnsembleServer) => readFile(server.logFile, 'utf8').catch(() => '(it never ran)');
      const logs = await Promise.all(ensemble.servers.map(read));
      await ensemble.close();
      const portTaken = logs.some((log) => log.includes('Address already in use'));
      if (!portTaken || attempt === startAttempts) throw error;
    }
  }
}
