/** One real ZooKeeper server: its folder, its process, and the faults that can be done to it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestingError } from '../errors.ts';
import { logTail, type ServerProcess, startProcess } from '../server-process.ts';
import { waitFor } from '../wait-for.ts';
import type { Distribution } from './distribution.ts';
import { fourLetterWord, parseMonitor } from './four-letter.ts';
import type { ServerAddress } from './server-config.ts';

const mainClass = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
const stopTimeoutMs = 10_000;

export interface EnsembleServerOptions {
  address: ServerAddress;
  /** Holds zoo.cfg, the log and, unless the configuration names another, the data. */
  folder: string;
  dataDir: string;
  config: string;
  distribution: Distribution;
  heapMb: number;
  jvmFlags: readonly string[];
}

export class EnsembleServer {
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
  readonly logFile: string;

  readonly #options: EnsembleServerOptions;
  #process: ServerProcess | undefined;
  #paused = false;

  constructor(options: EnsembleServerOptions) {
    const { address } = options;
    this.#options = options;
    this.id = address.id;
    this.host = address.host;
    this.clientPort = address.clientPort;
    this.quorumPort = address.quorumPort;
    this.electionPort = address.electionPort;
    this.role = address.role;
    this.connectString = `${address.host}:${address.clientPort}`;
    this.dataDir = options.dataDir;
    this.configFile = join(options.folder, 'zoo.cfg');
    this.logFile = join(options.folder, 'server.log');
  }

  /** Undefined while no process runs. */
  get pid(): number | undefined {
    return this.state === 'stopped' ? undefined : this.#process?.pid;
  }

  /** A server that died by itself counts as stopped. */
  get state(): 'running' | 'paused' | 'stopped' {
    if (this.#process === undefined || this.#process.ended !== undefined) return 'stopped';
    return this.#paused ? 'paused' : 'running';
  }

  /** Writes the folder's files; the ensemble does it once, so that what a server adds to its zoo.cfg is kept. */
  async prepare(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    await writeFile(this.configFile, this.#options.config);
    await this.#prepareDataDir();
  }

  /**
   * Starts the process and resolves when the client port answers, which it may do before the server has a leader.
   *
   * @throws TestingError `StartFailed` with the end of the log when the process ends, `WrongState` when one runs
   */
  async start(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.state !== 'stopped') throw new TestingError('WrongState', `server ${this.id} is ${this.state}`);
    const { distribution, heapMb, jvmFlags, folder } = this.#options;
    this.#paused = false;
    this.#process = await startProcess({
      command: 'java',
      args: [
        ...[`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
        ...distribution.jvmFlags,
        ...jvmFlags,
        ...['-cp', distribution.classPath, mainClass, this.configFile],
      ],
      cwd: folder,
      logFile: this.logFile,
    });
    await waitFor(() => this.fourLetter('ruok'), {
      what: `server ${this.id} to answer on ${this.connectString} (log: ${this.logFile})`,
      ...options,
    });
  }

  /** SIGTERM, then SIGKILL if that takes longer than 10 s. */
  async stop(): Promise<void> {
    this.resume();
    this.#process?.signal('SIGTERM');
    const timer = setTimeout(() => this.#process?.signal('SIGKILL'), stopTimeoutMs);
    await this.#process?.exit;
    clearTimeout(timer);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.exit;
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  pause(): void {
    if (this.state === 'running') {
      this.#process?.signal('SIGSTOP');
      this.#paused = true;
    }
  }

  /** SIGCONT */
  resume(): void {
    if (this.state === 'paused') {
      this.#process?.signal('SIGCONT');
      this.#paused = false;
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Empties the data folder of a stopped server, as a replaced disk would; its id stays.
   *
   * @throws TestingError `WrongState` while it runs
   */
  async wipe(): Promise<void> {
    if (this.state !== 'stopped') throw new TestingError('WrongState', `server ${this.id} is ${this.state}`);
    await rm(join(this.dataDir, 'version-2'), { recursive: true, force: true });
    await this.#prepareDataDir();
  }

  /**
   * @throws TestingError `Timeout` when there is no answer, `StartFailed` with the end of the log when the process is gone
   */
  async fourLetter(word: string): Promise<string> {
    try {
      return await fourLetterWord({ host: this.host, port: this.clientPort }, word);
    } catch (error) {
      await this.#throwIfEnded();
      throw error;
    }
  }

  /** `mntr` as a map; a server without a leader answers with one line that is none, which gives an empty map. */
  async monitor(): Promise<Map<string, string>> {
    return parseMonitor(await this.fourLetter('mntr'));
  }

  async #throwIfEnded(): Promise<void> {
    const ended = this.#process?.ended;
    if (ended === undefined) return;
    const tail = await logTail(this.logFile);
    throw new TestingError(
      'StartFailed',
      `ZooKeeper server ${this.id} ended with ${ended}; its log:\n${tail}`,
    );
  }

  async #prepareDataDir(): Promise<void> {
    await mkdir(this.dataDir, { recursive: true });
    await writeFile(join(this.dataDir, 'myid'), `${this.id}\n`);
  }
}
