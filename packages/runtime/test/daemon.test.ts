import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import type { DaemonLine } from './daemon-program.ts';

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function startDaemon(drainMs: number) {
  const program = fileURLToPath(new URL('./daemon-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, String(drainMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  stops.push(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const said = (line: DaemonLine) => waitFor(() => lines.includes(line), { what: `"${line}"` });
  return {
    said,
    lines,
    signal: (name: NodeJS.Signals) => child.kill(name),
    exitCode: async () => (await exit)[0],
  };
}

test('SIGTERM lets the work end and exits with 0', async () => {
  const daemon = startDaemon(100);
  await daemon.said('started');
  daemon.signal('SIGTERM');
  expect(await daemon.exitCode()).toBe(0);
  expect(daemon.lines).toEqual(['started', 'draining', 'drained']);
});

test('a second signal ends it at once', async () => {
  const daemon = startDaemon(60_000);
  await daemon.said('started');
  daemon.signal('SIGINT');
  await daemon.said('draining');
  daemon.signal('SIGTERM');
  expect(await daemon.exitCode()).toBe(143);
});
