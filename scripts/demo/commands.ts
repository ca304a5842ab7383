/** Runs the real `zk-migrate`, as an operator does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/cli/bin/zk-migrate', import.meta.url));
/** Git-ignored; a run leaves nothing elsewhere. */
const cacheFolder = fileURLToPath(new URL('../../.cache', import.meta.url));

export interface RunningCommand {
  /** Settles with the exit code. */
  readonly ended: Promise<number>;
  /** SIGTERM, and the end. */
  stop(): Promise<number>;
}

export interface CommandOptions {
  readonly args: readonly string[];
  readonly workFolder: string;
  readonly colour: boolean;
  readonly onLine: (line: string) => void;
  /** What is said beside the result; default: as `onLine`. */
  readonly onRemark?: (line: string) => void;
}

/** In a process group of its own: Ctrl-C reaches the demo alone, which then ends things in order. */
export function startCommand(options: CommandOptions): RunningCommand {
  const { args, workFolder, colour, onLine, onRemark = onLine } = options;
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      XDG_CACHE_HOME: cacheFolder,
      ZK_MIGRATE_WORK_DIR: workFolder,
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
