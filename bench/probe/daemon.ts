/** A probe as it runs on a host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Daemon {
  readonly pid: number;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('../programs/probe.ts', import.meta.url));

/** `compileCache`: published packages are plain JavaScript; a warm cache of the compiled sources is as near as these come to it. */
export function startDaemon(options: {
  readonly socketPath: string;
  readonly app: string;
  readonly compileCache: string;
}): Daemon {
  const { socketPath, app, compileCache } = options;
  const args = [
    app,
    '--probe-id=bench',
    `--docker-socket=${socketPath}`,
    '--metrics-port=0',
    '--log-level=warn',
  ];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
