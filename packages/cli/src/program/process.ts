/** The process of a command: its arguments, its signals, its exit code. */
import { enableCompileCache } from 'node:module';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@orchestrator/runtime/clock';
import { processTerminal } from '../terminal/terminal.ts';
import type { ProgramFactory } from './run.ts';

const lingerMs = 500;

export interface ProgramProcess {
  /** Of the program, and of its folder of compiled code. */
  readonly name: string;
  /** Loaded once compiled code can be kept. */
  readonly load: () => Promise<ProgramFactory>;
  /** Commands that handle signals themselves: a daemon stops in its own order (see `runDaemon`). */
  readonly daemons: ReadonlySet<string>;
}

/**
 * Performs the command line of this process. Most of a short command's time goes into loading, so compiled code is kept
 * between calls: in the user's own cache folder, since whoever can write there can have any code run.
 */
export async function runProcess({ name, load, daemons }: ProgramProcess): Promise<void> {
  enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), name));
  const args = process.argv.slice(2);
  const interrupted = new AbortController();
  // Everything but a daemon ends what it does at the first signal.
  if (!daemons.has(args[0] ?? '')) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (interrupted.signal.aborted) process.exit(130);
        interrupted.abort(new Error(signal));
      });
    }
  }
  // A reader that has seen enough (head, less) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const [{ runProgram }, createProgram] = await Promise.all([import('./run.ts'), load()]);
  const { uid } = userInfo();
  const exitCode = await runProgram(createProgram, args, {
    terminal: processTerminal(process),
    env: process.env,
    clock: systemClock,
    signal: interrupted.signal,
    userId: uid,
    setExitCode: () => undefined,
  });
  process.exitCode = exitCode;
  // What was given up may hold sockets and timers a little longer; nobody waits for them.
  systemClock.after(lingerMs, () => process.exit(exitCode), { background: true });
}
