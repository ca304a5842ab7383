/** An agent in a process of its own, to be killed while its containers run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ContainerSpec, ContainerStatus } from '../src/index.ts';
import type { RuntimeChoice } from './runtimes.ts';

export interface DoomedAgent {
  launch(spec: ContainerSpec): Promise<ContainerStatus>;
  /** Destroys its containers first. */
  close(): Promise<void>;
  /** SIGKILL */
  kill(): Promise<void>;
}

/** `wrapper` is put before the command. */
export async function startDoomedAgent(
  choice: RuntimeChoice,
  wrapper: readonly string[] = [],
): Promise<DoomedAgent> {
  const program = fileURLToPath(new URL('agent-program.ts', import.meta.url));
  const [command = '', ...args] = [...wrapper, process.execPath, program, JSON.stringify(choice)];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the agent ended without an answer');
    return value;
  };
  await answer();
  return {
    launch: async (spec) => {
      child.stdin.write(`${JSON.stringify(spec)}\n`);
      return JSON.parse(await answer()) as ContainerStatus;
    },
    close: async () => {
      child.stdin.end();
      await exit;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
