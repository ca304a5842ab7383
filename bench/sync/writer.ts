/** Writers on one side, in a process of their own. */
import { program, startChild } from '../child.ts';

export interface WriteRequest {
  /** Ends after this time, or after so many `updates`; one of the two is needed. */
  readonly durationMs?: number;
  readonly updates?: number;
  /** As fast as `window` allows when left out. */
  readonly perS?: number;
  /** Updates under way at once. */
  readonly window: number;
}

export interface WriteResult {
  readonly acknowledged: number;
  readonly failed: number;
  readonly elapsedMs: number;
  /** From a request's sending to its acknowledgement. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly mean: number };
}

export interface Writer {
  write(request: WriteRequest): Promise<WriteResult>;
  /** The last acknowledged count of each node. */
  acknowledged(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Makes `folder` with `nodes` nodes, ready to be written. */
export async function startWriter(connectString: string, folder: string, nodes: number): Promise<Writer> {
  const child = await startChild('the writer', program('writer.ts', connectString, folder));
  await child.ask(JSON.stringify({ create: nodes }));
  return {
    write: async (request) => JSON.parse(await child.ask(JSON.stringify({ write: request }))) as WriteResult,
    acknowledged: async () => JSON.parse(await child.ask('{}')) as number[],
    close: () => child.close(),
  };
}
