/** An agent in a process of its own, to be killed while its containers run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ContainerSpec } from '../src/index.ts';
import type { RuntimeChoice } from './runtimes.ts';

export interface DoomedAgent {
  launch(spec: ContainerSpec): Promise<void>;
  /** SIGKILL */
  kill(): Promise<void>;
}

export async function startDoomedAgent(choice: RuntimeChoice): Promise<DoomedAgent> {
  const program = fileURLToPath(new URL('agent-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(choice)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const expect = async (word: string) => {
    const { value } = await lines.next();
    if (value !== word) throw new Error(`the agent said "${value}" instead of "${word}"`);
  };
  await expect('ready');
  return {
    launch: async (spec) => {
      child.stdin.write(`${JSON.stringify(spec)}\n`);
      await expect('launched');
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
