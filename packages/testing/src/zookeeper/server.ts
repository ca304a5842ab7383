/** One real ZooKeeper server: its folder, its process, and the faults that can be done to it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestartableServer } from '../restartable-server.ts';
import type { Distribution } from './distribution.ts';
import { fourLetterWord, parseMonitor } from './four-letter.ts';
import type { ServerAddress } from './layout.ts';

const mainClass = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

export interface EnsembleServerOptions {
  address: ServerAddress;
  /** Holds zoo.cfg and the log. */
  folder: string;
  dataDir: string;
  /** The text of zoo.cfg. */
  config: string;
  /** The text of the JAAS file, if there has to be one. */
  jaas: string | undefined;
  distribution: Distribution;
  heapMb: number;
  jvmFlags: readonly string[];
}

function commandLine(options: EnsembleServerOptions, configFile: string, jaasFile: string): string[] {
  const { distribution, heapMb, jvmFlags } = options;
  return [
    // Performance data would be left behind in the temporary folder by every kill.
    ...['-XX:-UsePerfData', `-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
    ...(options.jaas === undefined ? [] : [`-Djava.security.auth.login.config=${jaasFile}`]),
    ...distribution.jvmFlags,
    ...jvmFlags,
    ...['-cp', distribution.classPath, mainClass, configFile],
  ];
}

/** `start` resolves when the client port answers, which it may do before the server has found a leader. */
export class EnsembleServer extends RestartableServer {
  readonly id: number;
  readonly host: string;
  readonly clientPort: number;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly role: 'participant' | 'observer';
  /** The client port for TLS, where asked for. */
  readonly secureClientPort: number | undefined;
  /** Where it serves observers while it follows, where asked for. */
  readonly observerMasterPort: number | undefined;
  /** `host:clientPort` */
  readonly connectString: string;
  /** `dataDir` of zoo.cfg; snapshots and logs are in its `version-2`. */
  readonly dataDir: string;
  readonly configFile: string;
  readonly #options: EnsembleServerOptions;
  readonly #jaasFile: string;

  constructor(options: EnsembleServerOptions) {
    const { address, folder } = options;
    const configFile = join(folder, 'zoo.cfg');
    const jaasFile = join(folder, 'jaas.conf');
    super({
      name: `ZooKeeper server ${address.id}`,
      launch: {
        command: 'java',
        args: commandLine(options, configFile, jaasFile),
        cwd: folder,
        logFile: join(folder, 'server.log'),
        wrapper: address.wrapper,
      },
      isReady: () => fourLetterWord(address, 'ruok'),
    });
    this.id = address.id;
    this.host = address.host;
    this.clientPort = address.clientPort;
    this.quorumPort = address.quorumPort;
    this.electionPort = address.electionPort;
    this.role = address.role;
    this.secureClientPort = address.secureClientPort;
    this.observerMasterPort = address.observerMasterPort;
    this.connectString = `${address.host}:${address.clientPort}`;
    this.dataDir = options.dataDir;
    this.configFile = configFile;
    this.#options = options;
    this.#jaasFile = jaasFile;
  }

  /** Writes the files. Once and not at each start, so that what the server itself changes in zoo.cfg is kept. */
  async prepare(): Promise<void> {
    await this.#prepareDataDir();
    await mkdir(this.#options.folder, { recursive: true });
    await writeFile(this.configFile, this.#options.config);
    if (this.#options.jaas !== undefined) await writeFile(this.#jaasFile, this.#options.jaas);
  }

  /**
   * Empties the data folder of a stopped server, as a replaced disk would; its id stays.
   *
   * @throws TestingError `WrongState` while it runs
   */
  async wipe(): Promise<void> {
    this.expectStopped();
    await rm(join(this.dataDir, 'version-2'), { recursive: true, force: true });
    await this.#prepareDataDir();
  }

  /** @throws TestingError `Timeout` when there is no answer, `StartFailed` with the end of the log when it has died */
  async fourLetter(word: string): Promise<string> {
    await this.expectAlive();
    return fourLetterWord(this.#options.address, word);
  }

  /** `mntr` as a map; a server without a leader answers with one line that is none, which gives an empty map. */
  async monitor(): Promise<Map<string, string>> {
    return parseMonitor(await this.fourLetter('mntr'));
  }

  async #prepareDataDir(): Promise<void> {
    await mkdir(this.dataDir, { recursive: true });
    await writeFile(join(this.dataDir, 'myid'), `${this.id}\n`);
  }
}
