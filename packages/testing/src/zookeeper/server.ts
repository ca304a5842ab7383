/** One real ZooKeeper server: its folder, its process, and the faults that can be done to it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestartableServer } from '../restartable-server.ts';
import type { Distribution } from './distribution.ts';
import { fourLetterWord, parseMonitor } from './four-letter.ts';
import type { ServerAddress } from './server-config.ts';

const mainClass = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

export interface EnsembleServerOptions {
  address: ServerAddress;
  /** Holds zoo.cfg and the log. */
  folder: string;
  dataDir: string;
  config: string;
  distribution: Distribution;
  heapMb: number;
  jvmFlags: readonly string[];
}

function commandLine(options: EnsembleServerOptions, configFile: string): string[] {
  const { distribution, heapMb, jvmFlags } = options;
  return [
    ...[`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
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
  /** `host:clientPort` */
  readonly connectString: string;
  /** `dataDir` of zoo.cfg; snapshots and logs are in its `version-2`. */
  readonly dataDir: string;
  readonly configFile: string;
  readonly #config: string;

  constructor(options: EnsembleServerOptions) {
    const { address, folder } = options;
    const configFile = join(folder, 'zoo.cfg');
    const probe = { host: address.host, port: address.clientPort };
    super({
      name: `ZooKeeper server ${address.id}`,
      launch: {
        command: 'java',
        args: commandLine(options, configFile),
        cwd: folder,
        logFile: join(folder, 'server.log'),
      },
      isReady: () => fourLetterWord(probe, 'ruok'),
    });
    this.id = address.id;
    this.host = address.host;
    this.clientPort = address.clientPort;
    this.quorumPort = address.quorumPort;
    this.electionPort = address.electionPort;
    this.role = address.role;
    this.connectString = `${address.host}:${address.clientPort}`;
    this.dataDir = options.dataDir;
    this.configFile = configFile;
    this.#config = options.config;
  }

  /** Writes the files. Once and not at each start, so that what the server itself changes in zoo.cfg is kept. */
  async prepare(): Promise<void> {
    await this.#prepareDataDir();
    await writeFile(this.configFile, this.#config);
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
    return fourLetterWord({ host: this.host, port: this.clientPort }, word);
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
