/** A server as a child process that cannot outlive this one, with its output in a file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { TestingError } from './errors.ts';

export interface ServerProcessOptions {
  command: string;
  args: readonly string[];
  /** Standard output and error are appended. */
  logFile: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Put before the command, e.g. `ip netns exec NAME`; has to become the command by exec, so that the pid is right. */
  wrapper?: readonly string[];
}

export interface ServerProcess {
  readonly pid: number;
  /** How it ended (`exit code 1`, `SIGKILL`), undefined while it runs. */
  readonly ended: string | undefined;
  /** Resolves when the process is gone. */
  readonly exit: Promise<void>;
  /** Does nothing when the process is gone. */
  signal(name: NodeJS.Signals): void;
}

const logTailLines = 25;

/** The last lines of a log, for an error message. */
export async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch((error) => `(no log: ${error})`);
  return text.trimEnd().split('\n').slice(-logTailLines).join('\n');
}

/**
 * Starts a server. The kernel kills it when this process dies by any way (`setpriv --pdeathsig`), and it is in a session
 * of its own, so that Ctrl-C reaches the parent only, which can then stop things in order.
 *
 * @throws TestingError `MissingProgram` when the command cannot be run
 */
export async function startProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const [command = '', ...args] = [
    ...(options.wrapper ?? []),
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...[options.command, ...options.args],
  ];
  const log = openSync(options.logFile, 'a');
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ended: string | undefined;
  const exit = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = signal ?? `exit code ${code}`;
      resolve();
    });
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new TestingError('MissingProgram', `cannot run ${command}: ${cause}; run scripts/setup`, { cause });
  }
  return {
    pid: child.pid ?? 0,
    get ended() {
      return ended;
    },
    exit,
    signal: (name) => {
      if (ended === undefined) child.kill(name);
    },
  };
}
