/** A client program under the suite's command. */
import { type Command, startChild } from '../child.ts';
import type { Operation } from './workload.ts';

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

/** Starts a client and waits until it is connected. */
export async function startClient(name: string, command: Command): Promise<ClientProcess> {
  const child = await startChild(name, command);
  return {
    name,
    async run(operation, { durationMs, window, parent }) {
      const line = await child.ask(`${operation} ${durationMs} ${window} ${parent}`);
      const [requests = Number.NaN, elapsedMs = Number.NaN, cpuMs = Number.NaN] = line.split(' ').map(Number);
      if (Number.isNaN(requests + elapsedMs + cpuMs)) throw new Error(`${name}, ${operation}: ${line}`);
      return { requests, elapsedMs, cpuMs };
    },
    close: () => child.close(),
  };
}
