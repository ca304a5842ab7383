/** A further process of a container, as a process of this machine. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { AgentError } from '../errors.ts';
import { killTree } from './process-tree.ts';
import type { ExecSession } from './runtime.ts';

export interface SpawnExecOptions {
  argv: readonly string[];
  environment?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  signal: AbortSignal | undefined;
}

/** @throws AgentError `LaunchFailed` when the program cannot be run */
export async function spawnExec({
  argv,
  environment,
  cwd,
  uid,
  gid,
  signal,
}: SpawnExecOptions): Promise<ExecSession> {
  const [program = '', ...args] = argv;
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
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit };
}

/** Of a process that a signal ended: 128 and SIGKILL's number. */
const signalStatus = 137;
