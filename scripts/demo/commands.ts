/** Runs the real commands, as an operator does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../packages/cli/bin/', import.meta.url));
/** Git-ignored; a run leaves nothing elsewhere. */
const cacheFolder = fileURLToPath(new URL('../../.cache', import.meta.url));

export interface RunningCommand {
  /** Settles with the exit code. */
  readonly ended: Promise<number>;
  /** SIGTERM, and the end. */
  stop(): Promise<number>;
}

export interface ProgramOptions {
  readonly program: 'zk-migrate' | 'orchestrator';
  /** What it finds beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

export interface CommandOptions extends ProgramOptions {
  readonly args: readonly string[];
  readonly colour: boolean;
  readonly onLine: (line: string) => void;
  /** What is said beside the result; default: as `onLine`. */
  readonly onRemark?: (line: string) => void;
}

/** In a process group of its own: Ctrl-C reaches the demo alone, which then ends things in order. */
export function startCommand(options: CommandOptions): RunningCommand {
  const { program, env, args, colour, onLine, onRemark = onLine } = options;
  const child: ChildProcess = spawn(`${bin}${program}`, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      XDG_CACHE_HOME: cacheFolder,
      ...env,
      ...(colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
    },
  });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', onLine);
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', onRemark);
  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : 1));
  return {
    ended,
    async stop() {
      child.kill('SIGTERM');
      return await ended;
    },
  };
}
