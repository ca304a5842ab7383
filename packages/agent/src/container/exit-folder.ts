/**
 * Exit codes in files, one a container, written by who outlives the agent: the folder is watched, and every few seconds
 * the processes are looked at too, since a watcher can be killed before it writes.
 */
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { readIfThere } from './read-if-there.ts';

export interface ExitFolderOptions {
  path: string;
  clock: Clock;
  /** Called once for each; `undefined`: it is gone and left no code. */
  onExit: (containerId: string, exitCode: number | undefined) => void;
}

const checkIntervalMs = 5_000;

export class ExitFolder {
  readonly #options: ExitFolderOptions;
  readonly #expected = new Map<string, ProcessIdentity>();
  /** Their process was gone at the last look, and there was no code. */
  readonly #late = new Set<string>();
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;

  constructor(options: ExitFolderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#watcher !== undefined) return;
    await mkdir(this.#options.path, { recursive: true });
    this.#watcher ??= watch(this.#options.path, { persistent: false }, (_event, name) => {
      if (name !== null && this.#expected.has(name)) this.#look(name);
    });
    this.#timer ??= this.#schedule();
  }

  close(): void {
    this.#watcher?.close();
    this.#timer?.cancel();
    this.#expected.clear();
  }

  fileOf(containerId: string): string {
    return join(this.#options.path, containerId);
  }

  /** Undefined while there is none. */
  async codeOf(containerId: string): Promise<number | undefined> {
    const text = (await readIfThere(this.fileOf(containerId))) ?? '';
    return /^\d+\s*$/.test(text) ? Number(text) : undefined;
  }

  /** From now on its end is told. `identity`: the process whose end is the container's. */
  expect(containerId: string, identity: ProcessIdentity): void {
    this.#expected.set(containerId, identity);
    this.#look(containerId);
  }

  async forget(containerId: string): Promise<void> {
    this.#expected.delete(containerId);
    await rm(this.fileOf(containerId), { force: true });
  }

  #look(containerId: string): void {
    this.codeOf(containerId).then(
      (exitCode) => {
        if (exitCode !== undefined) this.#tell(containerId, exitCode);
      },
      // Looked at again by and by.
      () => undefined,
    );
  }

  #tell(containerId: string, exitCode: number | undefined): void {
    if (this.#expected.delete(containerId)) this.#options.onExit(containerId, exitCode);
  }

  #schedule(): Timer {
    const check = async () => {
      for (const [containerId, identity] of [...this.#expected]) {
        // What cannot be looked at now is looked at the next time.
        await this.#check(containerId, identity).catch(() => undefined);
      }
      if (this.#watcher !== undefined) this.#timer = this.#schedule();
    };
    return this.#options.clock.after(checkIntervalMs, check, { background: true });
  }

  async #check(containerId: string, identity: ProcessIdentity): Promise<void> {
    if (await isAlive(identity)) return;
    // The code is written after the process has gone; once more, in this order, it is there or never will be.
    const isLate = this.#late.has(containerId);
    const exitCode = await this.codeOf(containerId);
    if (exitCode !== undefined || isLate) {
      this.#late.delete(containerId);
      this.#tell(containerId, exitCode);
    } else {
      this.#late.add(containerId);
    }
  }
}
