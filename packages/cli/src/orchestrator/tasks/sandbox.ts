/** Files in the sandbox of a task, as its agent shows them. */
import { type AgentClient, agent as api, MesosError } from '@orchestrator/mesos';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import { CliError } from '../../program/errors.ts';
import type { TaskView } from '../views/tasks.ts';

export type SandboxOf = Pick<TaskView, 'id' | 'framework_id' | 'executor_id' | 'in_group'>;

/** Where a file of it may be: tasks of a group have folders of their own within the sandbox of their executor. */
export function sandboxPaths(task: SandboxOf, file: string): readonly string[] {
  const sandbox = `/frameworks/${task.framework_id}/executors/${task.executor_id}/runs/latest`;
  const own = `${sandbox}/tasks/${encodeURIComponent(task.id)}/${file}`;
  return task.in_group ? [own, `${sandbox}/${file}`] : [`${sandbox}/${file}`];
}

/** More than this is not asked for at a time; agents give less if they like. */
const partBytes = 2 ** 16;
/** How far back the last lines are looked for. */
const mostBackBytes = 4 * 2 ** 20;
const lookEveryMs = 200;
const newline = 10;

interface Part {
  readonly data: Uint8Array;
  /** Of the whole file, as it is now. */
  readonly size: number;
}

async function readPart(agent: AgentClient, path: string, offset: number, length = partBytes): Promise<Part> {
  const readFile = { path, offset: BigInt(offset), length: BigInt(length) };
  const answer = await agent.call({ type: api.Call_Type.READ_FILE, readFile });
  const { data = new Uint8Array(), size = 0n } = answer?.readFile ?? {};
  return { data, size: Number(size) };
}

const isMissing = (error: unknown) => error instanceof MesosError && error.code === 'not-found';

/** The first of the paths that exists; undefined while none does. */
export async function findFile(agent: AgentClient, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await readPart(agent, path, 0, 1);
      return path;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}

/** Where the last `lines` begin, or as far back as is looked. */
export async function startOfLastLines(agent: AgentClient, path: string, lines: number): Promise<number> {
  const { size } = await readPart(agent, path, 0, 1);
  let left = lines;
  for (let end = size; end > 0 && size - end < mostBackBytes; ) {
    const start = Math.max(0, end - partBytes);
    const { data } = await readPart(agent, path, start, end - start);
    for (let index = data.length - 1; index >= 0; index--) {
      // The one that ends the file begins no further line.
      if (data[index] !== newline || start + index === size - 1) continue;
      left--;
      if (left === 0) return start + index + 1;
    }
    end = start;
  }
  return Math.max(0, size - mostBackBytes);
}

export interface FollowOptions {
  readonly agent: AgentClient;
  readonly path: string;
  readonly offset: number;
  /** Whether more may come; asked when all has been read that there was. */
  readonly mayGrow: () => boolean | Promise<boolean>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What is in the file from `offset` on, and what is added while it may grow. A file that was rotated is read anew. */
export async function* followFile(options: FollowOptions): AsyncGenerator<Uint8Array> {
  const { agent, path, mayGrow, clock, signal } = options;
  let { offset } = options;
  for (;;) {
    // Asked first: what is written before the answer is still read.
    const growing = await mayGrow();
    for (;;) {
      signal.throwIfAborted();
      const { data, size } = await readPart(agent, path, offset);
      if (size < offset) offset = 0;
      else if (data.length === 0) break;
      else {
        offset += data.length;
        yield data;
      }
    }
    if (!growing) return;
    await sleep(clock, lookEveryMs, signal);
  }
}

/** @throws CliError `not-found` */
export function noSuchFile({ id }: SandboxOf, file: string): CliError {
  return new CliError('not-found', `task ${id} has no file "${file}" in its sandbox`, {
    remedy: 'has it started? stdout and stderr are there once it runs, until the agent collects its garbage',
  });
}
