/** A probe as it runs on a host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@orchestrator/testing';

export interface Daemon {
  readonly pid: number;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('../programs/probe.ts', import.meta.url));

/**
 * Node.js as a machine has it that was started some time ago: read from the disk where it is needed. What an installer has just
 * written is in memory as a whole, and then 25 MB more of it count as resident in each process, whatever that does.
 */
export async function programFromDisk(folder: string): Promise<string> {
  const copy = join(folder, 'node');
  await copyFile(process.execPath, copy);
  const file = await open(copy, 'r');
  await file.sync();
  await file.close();
  await runCommand('dd', [`if=${copy}`, 'iflag=nocache', 'count=0']);
  return copy;
}

/** `node`: the program to run it with. `compileCache`: published packages are plain JavaScript; a warm cache of the compiled sources is as near as these come to it. */
export function startDaemon(options: {
  readonly node: string;
  readonly socketPath: string;
  readonly app: string;
  readonly compileCache: string;
}): Daemon {
  const { node, socketPath, app, compileCache } = options;
  const args = [
    app,
    '--probe-id=bench',
    `--docker-socket=${socketPath}`,
    '--metrics-port=0',
    '--log-level=warn',
  ];
  const child = spawn(node, [program, ...args], {
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
