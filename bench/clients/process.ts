/** A client program under the suite's command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Operation } from './workload.ts';

export interface ClientCommand {
  readonly command: string;
  readonly args: readonly string[];
}

export interface RunOptions {
  readonly durationMs: number;
  /** Requests under way at once. */
  readonly window: number;
  /** Where nodes are created. */
  readonly parent: string;
}

export interface Run {
  readonly requests: number;
  readonly elapsedMs: number;
  /** Of all threads of the client's process. */
  readonly cpuMs: number;
}

export interface ClientProcess {
  readonly name: string;
  run(operation: Operation, options: RunOptions): Promise<Run>;
  close(): Promise<void>;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()));
}

/** Starts a client and waits until it is connected. */
export async function startClient(name: string, { command, args }: ClientCommand): Promise<ClientProcess> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = ended(child);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`the client ${name} ended without an answer`);
    return value;
  };
  const ready = await answer();
  if (ready !== 'ready') throw new Error(`the client ${name} said "${ready}" instead of "ready"`);
  return {
    name,
    async run(operation, { durationMs, window, parent }) {
      child.stdin.write(`${operation} ${durationMs} ${window} ${parent}\n`);
      const line = await answer();
      const [requests = NaN, elapsedMs = NaN, cpuMs = NaN] = line.split(' ').map(Number);
      if (Number.isNaN(requests + elapsedMs + cpuMs)) throw new Error(`${name}, ${operation}: ${line}`);
      return { requests, elapsedMs, cpuMs };
    },
    async close() {
      child.stdin.end();
      await end;
    },
  };
}
