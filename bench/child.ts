/** A child process that is asked for things, a line each, and answers each with a line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Child {
  readonly pid: number;
  /** Resolves with the answer. Rejects when the process ends first; its standard error is ours. */
  ask(line: string): Promise<string>;
  /** Tells it to end, by the end of its input, and waits until it has. */
  close(): Promise<void>;
}

/** A program of this folder, run by this Node.js. */
export function program(file: string, ...args: string[]): Command {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL(`programs/${file}`, import.meta.url)), ...args],
  };
}

/** Starts a process and waits until it says that it is ready. */
export async function startChild(name: string, { command, args }: Command): Promise<Child> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  // A process that has died takes no input; the missing answer tells.
  child.stdin.on('error', () => child.stdin.destroy());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done === true) throw new Error(`${name} ended without an answer`);
    return value;
  };
  const first = await answer();
  if (first !== 'ready') throw new Error(`${name} said "${first}" instead of "ready"`);
  return {
    pid: child.pid ?? 0,
    async ask(line) {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The other end: answers each line of standard input, in order, until that ends. */
export async function serveLines(answer: (line: string) => Promise<string>): Promise<void> {
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) console.log(await answer(line));
}
