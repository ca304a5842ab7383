/** Masters as processes of their own, on real ZooKeeper and a real store, started anew when they end as systemd would. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  freePorts,
  removeFolder,
  type ServerProcess,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';

const program = join(import.meta.dirname, 'master-program.ts');

/** Of each master, in the message of a failure. */
const logTailLines = 20;

export class MasterMachine {
  readonly port: number;
  readonly url: string;
  readonly pid: string;
  readonly logFile: string;
  /** How its processes ended, one after another. */
  readonly endings: string[] = [];
  readonly #folder: string;
  readonly #flags: Readonly<Record<string, string>>;
  #process: ServerProcess | undefined;
  #isWanted = false;

  constructor(folder: string, port: number, flags: Readonly<Record<string, string>>) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.pid = `master@127.0.0.1:${port}`;
    this.logFile = join(folder, `master-${port}.log`);
    this.#folder = folder;
    this.#flags = { ip: '127.0.0.1', port: String(port), work_dir: join(folder, String(port)), ...flags };
  }

  async start(): Promise<void> {
    this.#isWanted = true;
    const args = Object.entries(this.#flags).map(([name, value]) => `--${name}=${value}`);
    const command = process.execPath;
    const child = await startProcess({
      ...{ command, logFile: this.logFile },
      args: [program, this.#folder, ...args],
    });
    this.#process = child;
    child.exit.then(() => {
      this.endings.push(child.ended ?? '');
      if (this.#isWanted) void this.start();
    });
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.signal(name);
  }

  /** Kill -9, for good. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#process?.signal('SIGKILL');
    await this.#process?.exit;
  }

  log(): Promise<string> {
    return readFile(this.logFile, 'utf8');
  }
}

export class MasterCluster implements AsyncDisposable {
  readonly masters: readonly MasterMachine[];
  readonly #folder: string;

  private constructor(masters: readonly MasterMachine[], folder: string) {
    this.masters = masters;
    this.#folder = folder;
  }

  static async start(count: number, flags: Readonly<Record<string, string>>): Promise<MasterCluster> {
    const folder = await temporaryFolder('masters');
    const ports = await freePorts(count);
    const masters = ports.map((port) => new MasterMachine(folder, port, flags));
    await Promise.all(masters.map((master) => master.start()));
    return new MasterCluster(masters, folder);
  }

  /** The one that serves as the leader now: it is elected and has read the registry. */
  async leader(): Promise<MasterMachine | undefined> {
    const answers = await Promise.all(
      this.masters.map(async (master) => {
        const options = { redirect: 'manual', signal: AbortSignal.timeout(2_000) } as const;
        const response = await fetch(`${master.url}/state-summary`, options).catch(() => undefined);
        return response?.status === 200;
      }),
    );
    return this.masters[answers.indexOf(true)];
  }

  /** @throws an error with the ends of the masters' logs */
  async waitForLeader(other?: MasterMachine): Promise<MasterMachine> {
    const look = async () => {
      const leader = await this.leader();
      return leader === other ? undefined : leader;
    };
    try {
      return await waitFor(look, { what: 'a master to lead' });
    } catch (cause) {
      const logs = await Promise.all(
        this.masters.map(async (master) => {
          const lines = (await master.log()).trimEnd().split('\n').slice(-logTailLines);
          return [`${master.pid}:`, ...lines].join('\n');
        }),
      );
      throw new Error(`${cause}\n${logs.join('\n')}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const master of this.masters) master.signal('SIGCONT');
    await Promise.all(this.masters.map((master) => master.kill()));
    await removeFolder(this.#folder);
  }
}
