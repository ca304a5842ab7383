/** ZooKeeper servers as processes of this machine, found by the configuration file they were started with. */
import { spawn } from 'node:child_process';
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Clock, sleep } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';

export interface JavaProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly workingFolder: string;
}

const mainClass = /QuorumPeerMain$/;
const pollMs = 50;

/** A process may end at any moment while it is looked at: then it is not there. */
async function readProcess(pid: number): Promise<JavaProcess | undefined> {
  try {
    const [commandLine, workingFolder] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readlink(`/proc/${pid}/cwd`),
    ]);
    return { pid, argv: commandLine.split('\0').slice(0, -1), workingFolder };
  } catch {
    return undefined;
  }
}

/** The running server whose zoo.cfg is `configFile`. */
export async function findServer(configFile: string): Promise<JavaProcess | undefined> {
  const wanted = resolve(configFile);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    const found = await readProcess(pid);
    const main = found?.argv.findIndex((argument) => mainClass.test(argument)) ?? -1;
    const file = main < 0 ? undefined : found?.argv[main + 1];
    if (found !== undefined && file !== undefined && resolve(found.workingFolder, file) === wanted)
      return found;
  }
  return undefined;
}

/**
 * Starts a server that goes on when this process ends. Its output is appended to `logFile`.
 *
 * @throws MigrationError `unavailable` when the program cannot be run
 */
export async function startServer(
  argv: readonly string[],
  workingFolder: string,
  logFile: string,
): Promise<number> {
  const [program = 'java', ...rest] = argv;
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(program, rest, {
      cwd: workingFolder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((started, failed) => {
      child.once('spawn', () => started());
      child.once('error', (cause) =>
        failed(
          new MigrationError('unavailable', `${program} cannot be run: ${cause.message}`, {
            cause,
            remedy: 'install a Java runtime, or name it in deploy.java',
          }),
        ),
      );
    });
    child.unref();
    if (child.pid === undefined) throw new MigrationError('unavailable', `${program} has no process id`);
    return child.pid;
  } finally {
    await log.close();
  }
}

export interface StopOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Sends SIGTERM and waits for the end; never SIGKILL, since a server's disk is worth more than our time. */
export async function stopServer(
  server: JavaProcess,
  configFile: string,
  options: StopOptions,
): Promise<void> {
  const { clock, signal, timeoutMs } = options;
  const deadline = clock.monotonicMs() + timeoutMs;
  process.kill(server.pid, 'SIGTERM');
  while ((await findServer(configFile))?.pid === server.pid) {
    if (clock.monotonicMs() > deadline) {
      throw new MigrationError('timeout', `server ${configFile} (process ${server.pid}) did not end`, {
        remedy: `look at its log; end process ${server.pid} by hand, then zk-migrate resume`,
      });
    }
    await sleep(clock, pollMs, signal);
  }
}
