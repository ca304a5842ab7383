/** A further process of a container, as a process of this machine. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { AgentError } from '../errors.ts';
import { childrenOf, killTree, signalIfThere } from './process-tree.ts';
import type { ExecSession, WindowSize } from './runtime.ts';
import { resizeTerminal, withTerminal } from './terminal.ts';

export interface SpawnExecOptions {
  argv: readonly string[];
  /** It gets a terminal. */
  tty?: boolean | undefined;
  windowSize?: WindowSize | undefined;
  /** The process that signals are meant for, undefined when it is gone; default the one that is spawned. */
  pidOf?: () => Promise<number | undefined>;
  environment?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  signal: AbortSignal | undefined;
}

/** @throws AgentError `LaunchFailed` when the program cannot be run */
export async function spawnExec({
  argv,
  tty = false,
  windowSize,
  pidOf,
  environment,
  cwd,
  uid,
  gid,
  signal,
}: SpawnExecOptions): Promise<ExecSession> {
  const [program = '', ...args] = tty ? withTerminal(argv, windowSize) : argv;
  const child: ChildProcessWithoutNullStreams = spawn(program, args, {
    stdio: 'pipe',
    ...(environment !== undefined && { env: environment }),
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  // Whoever has no more to say to a command that has ended is no problem.
  child.stdin.on('error', () => child.stdin.destroy());
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new AgentError('LaunchFailed', `running ${program}: ${cause.message}`, { cause }));
    });
  });
  const exit = new Promise<number>((resolve, reject) => {
    const abort = () => {
      // What it has started may hold its output open.
      killTree(child.pid ?? 0).catch(() => child.kill('SIGKILL'));
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      reject(new AgentError('Killed', `${program} was given up`));
    };
    signal?.addEventListener('abort', abort, { once: true });
    child.once('close', (code) => {
      signal?.removeEventListener('abort', abort);
      resolve(code ?? signalStatus);
    });
    if (signal?.aborted === true) abort();
  });
  exit.catch(() => undefined);
  const pid = child.pid ?? 0;
  return {
    ...{ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit },
    async kill(number) {
      // Below the `script` when there is one: that would swallow it.
      const [below = pid] = tty ? await childrenOf(pid) : [pid];
      const target = pidOf === undefined ? below : await pidOf();
      if (target !== undefined && child.exitCode === null) signalIfThere(target, number);
    },
    async resize(size) {
      if (tty) await resizeTerminal(pid, await pidOf?.(), size);
    },
  };
}

/** Of a process that a signal ended: 128 and SIGKILL's number. */
const signalStatus = 137;
