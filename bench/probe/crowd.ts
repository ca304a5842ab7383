/** Very many connections on a host, of a few processes that do nothing with them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../programs/crowd.ts', import.meta.url));
const socketsPerProcess = 10_000;

/** Opens connections over loopback, which have two sockets each. @returns what ends them */
export async function openSockets(count: number): Promise<() => void> {
  const children = Array.from({ length: Math.ceil(count / socketsPerProcess) }, () =>
    spawn(process.execPath, [program, String(socketsPerProcess / 2)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  return () => {
    for (const child of children) child.kill('SIGKILL');
  };
}
