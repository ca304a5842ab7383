import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@orchestrator/testing';
import type { HolderLine } from './holder.ts';

/** Runs `holder.ts`; its output is collected as it comes. */
export function startHolder(url: string, ttlMs: number) {
  const program = fileURLToPath(new URL('./holder.ts', import.meta.url));
  const child = spawn(process.execPath, [program, url, String(ttlMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const lines: HolderLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const find = <Key extends string>(key: Key) =>
    lines.find((line): line is HolderLine & Record<Key, never> => Object.hasOwn(line, key));
  return {
    lines,
    signal: (name: NodeJS.Signals) => child.kill(name),
    exit,
    async term(): Promise<number> {
      const line = await waitFor(() => find('term'), { what: 'a process to take the lock' });
      return (line as { term: number }).term;
    },
    deposed: () => waitFor(() => find('deposed'), { what: 'a holder to notice that it is deposed' }),
    writes: () => lines.filter((line) => 'wrote' in line).length,
    async stop(): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exit;
      }
    },
  };
}
