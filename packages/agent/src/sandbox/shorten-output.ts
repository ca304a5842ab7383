/**
 * Rotation of files that a task has open and writes itself. The older part is copied to `stdout.1`, then cut off the
 * front while the task goes on appending: the kernel can take whole blocks out of a file in one step, so that not a byte
 * is lost or written twice. Where the file system cannot (neither ext4 nor XFS), what is written in the instant between
 * copying the rest and emptying the file is lost.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { runProgram } from '../container/run-program.ts';
import { defaultRotation, type RotationOptions, rotatedName, shiftFiles } from './rotating-log.ts';

async function copyPart(
  from: string,
  to: string,
  start: number,
  end: number,
  flags: 'w' | 'a',
): Promise<void> {
  if (end <= start) return;
  await pipeline(createReadStream(from, { start, end: end - 1 }), createWriteStream(to, { flags }));
}

/** Nothing happens while the file is not larger than `maxBytes`. */
export async function shortenOutput(path: string, options: RotationOptions = {}): Promise<void> {
  const { maxBytes } = { ...defaultRotation, ...options };
  const { size } = await stat(path);
  if (size <= maxBytes) return;
  const { bsize } = await statfs(path);
  // Whole blocks, and not up to the end, which the kernel refuses.
  const cut = Math.floor((size - 1) / bsize) * bsize;
  if (cut === 0) return;
  const older = rotatedName(path, 1);
  // The file itself stays where it is.
  await shiftFiles(path, options, 1);
  await copyPart(path, older, 0, cut, 'w');
  try {
    await runProgram('fallocate', ['--collapse-range', '--offset', '0', '--length', `${cut}`, path]);
  } catch {
    await copyPart(path, older, cut, (await stat(path)).size, 'a');
    await truncate(path, 0);
  }
}

export interface OutputWatchOptions {
  rotation: RotationOptions;
  clock: Clock;
}

/** A file may grow by what is written in this time beyond `maxBytes`. */
const checkIntervalMs = 5_000;

/** Looks at the output of many sandboxes, one after the other. */
export class OutputWatch {
  readonly #options: OutputWatchOptions;
  readonly #sandboxes = new Map<string, string>();
  #timer: Timer | undefined;

  constructor(options: OutputWatchOptions) {
    this.#options = options;
  }

  add(containerId: string, sandboxPath: string): void {
    this.#sandboxes.set(containerId, sandboxPath);
    this.#timer ??= this.#schedule();
  }

  remove(containerId: string): void {
    this.#sandboxes.delete(containerId);
  }

  close(): void {
    this.#sandboxes.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): Timer {
    return this.#options.clock.after(checkIntervalMs, () => this.#check(), { background: true });
  }

  async #check(): Promise<void> {
    for (const sandboxPath of this.#sandboxes.values()) {
      for (const name of ['stdout', 'stderr']) {
        // A full disk, or a file that its task has removed; the next time may be better.
        await shortenOutput(join(sandboxPath, name), this.#options.rotation).catch(() => undefined);
      }
    }
    this.#timer = this.#sandboxes.size === 0 ? undefined : this.#schedule();
  }
}
