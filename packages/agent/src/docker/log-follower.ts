/**
 * Copies the log that the Engine keeps of a container into `stdout` and `stderr` of its sandbox, exactly once: the mark
 * in the Engine's log and the places in the two files are written down together, and a later agent goes on from there,
 * forgetting what the one before it had written beyond.
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import type Docker from 'dockerode';
import { readIfThere } from '../container/read-if-there.ts';
import { type LogPosition, RotatingLog, type RotationOptions } from '../sandbox/rotating-log.ts';
import { statusOf } from './engine-errors.ts';
import {
  advanceMark,
  type LogEntry,
  LogFrameParser,
  type LogMark,
  sinceOf,
  skipTaken,
} from './log-frames.ts';

export interface LogFollowerOptions {
  container: Docker.Container;
  sandboxPath: string;
  /** Where the checkpoint is. */
  checkpointFile: string;
  rotation: RotationOptions;
  clock: Clock;
}

interface Checkpoint {
  /** Absent until something has been taken. */
  mark?: LogMark | undefined;
  stdout: LogPosition;
  stderr: LogPosition;
}

/** As a connection brings them: files are rotated between two pieces. */
const pieceBytes = 65_536;
const checkpointIntervalMs = 1_000;
const reconnectDelayMs = 200;

async function readCheckpoint(file: string): Promise<Checkpoint | undefined> {
  const text = await readIfThere(file);
  return text === undefined ? undefined : (JSON.parse(text) as Checkpoint);
}

function* piecesOf(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export class LogFollower {
  /** Resolves when the container has ended and all of its log is in the sandbox, or after `close`. */
  readonly done: Promise<void>;
  readonly #options: LogFollowerOptions;
  readonly #closing = new AbortController();
  #mark: LogMark | undefined;
  #checkpointAtMs = 0;
  #response: Readable | undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** Stops in good order: nothing has to be written again. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#response?.destroy();
    await this.done;
  }

  async #run(): Promise<void> {
    const { sandboxPath, checkpointFile, rotation, clock } = this.#options;
    const before = await readCheckpoint(checkpointFile);
    this.#mark = before?.mark;
    const stdout = await RotatingLog.open(join(sandboxPath, 'stdout'), rotation, before?.stdout);
    const stderr = await RotatingLog.open(join(sandboxPath, 'stderr'), rotation, before?.stderr);
    const logs = { stdout, stderr };
    try {
      // Before the first byte, so that a later agent knows where that went.
      if (before === undefined) await this.#checkpoint(logs);
      while (!this.#closing.signal.aborted) {
        const outcome = await this.#take(logs, true);
        // The Engine may end a log that is followed before it has told the last of it.
        if (outcome === 'ended') await this.#take(logs, false);
        if (outcome === 'ended' || outcome === 'gone') break;
        await sleep(clock, reconnectDelayMs, this.#closing.signal).catch(() => undefined);
      }
      await this.#checkpoint(logs);
    } finally {
      await stdout.close();
      await stderr.close();
    }
  }

  /** One connection, to its end: what there is so far, or what comes as well. */
  async #take(
    logs: Record<'stdout' | 'stderr', RotatingLog>,
    follow: boolean,
  ): Promise<'ended' | 'gone' | 'broken'> {
    const { container } = this.#options;
    const query = { stdout: true, stderr: true, timestamps: true } as const;
    const since = this.#mark === undefined ? {} : { since: sinceOf(this.#mark) as unknown as number };
    try {
      const chunks = follow
        ? await this.#open(container.logs({ ...query, ...since, follow: true }))
        : piecesOf(await container.logs({ ...query, ...since }));
      const parser = new LogFrameParser();
      const skip = skipTaken(this.#mark);
      for await (const chunk of chunks) await this.#write(skip(parser.push(chunk as Buffer)), logs);
      const { State } = await container.inspect();
      return State.Running ? 'broken' : 'ended';
    } catch (error) {
      // Gone, or with a log driver that cannot be read.
      const status = statusOf(error);
      return status === 404 || status === 501 ? 'gone' : 'broken';
    }
  }

  async #open(response: Promise<NodeJS.ReadableStream>): Promise<Readable> {
    this.#response = (await response) as Readable;
    return this.#response;
  }

  async #write(entries: LogEntry[], logs: Record<'stdout' | 'stderr', RotatingLog>): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const bytes = entries.filter((entry) => entry.stream === stream).map((entry) => entry.bytes);
      if (bytes.length > 0) await logs[stream].append(Buffer.concat(bytes));
    }
    for (const entry of entries) this.#mark = advanceMark(this.#mark, entry);
    if (this.#options.clock.monotonicMs() - this.#checkpointAtMs >= checkpointIntervalMs)
      await this.#checkpoint(logs);
  }

  async #checkpoint(logs: Record<'stdout' | 'stderr', RotatingLog>): Promise<void> {
    const { checkpointFile, clock } = this.#options;
    const { stdout, stderr } = logs;
    const checkpoint: Checkpoint = { mark: this.#mark, stdout: stdout.position, stderr: stderr.position };
    await writeFile(`${checkpointFile}.new`, JSON.stringify(checkpoint));
    await rename(`${checkpointFile}.new`, checkpointFile);
    this.#checkpointAtMs = clock.monotonicMs();
  }
}

const checkpointSuffix = '.log.json';

export const checkpointFile = (folder: string, containerId: string): string =>
  join(folder, `${containerId}${checkpointSuffix}`);

export async function removeCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Those of containers that are gone: an agent may have died between the removal of the one and of the other. */
export async function removeStrayCheckpoints(
  folder: string,
  isThere: (containerId: string) => boolean,
): Promise<void> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const strays = names.filter((name) => {
    const [containerId = '', rest] = name.split(checkpointSuffix);
    return rest !== undefined && !isThere(containerId);
  });
  await Promise.all(strays.map((name) => rm(join(folder, name), { force: true })));
}
