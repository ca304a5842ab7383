/** What a runtime without a daemon remembers of a container, for the agent after this one: a folder each. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { readIfThere } from './read-if-there.ts';
import type { ContainerStatus, Recovered } from './runtime.ts';
import type { ContainerSpec } from './spec.ts';

/** Written when the command runs. */
export interface StartRecord {
  status: ContainerStatus;
  identity: ProcessIdentity;
}

/** Who finds the file finds all of it. Nobody else may read it. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export class ContainerFolders {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  of(containerId: string): string {
    return join(this.#path, containerId);
  }

  async create(spec: ContainerSpec): Promise<string> {
    const folder = this.of(spec.containerId);
    // An image may hold programs that are root's for whoever runs them: nobody else gets there.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // The environment may hold secrets.
    await writeWhole(join(folder, 'spec.json'), JSON.stringify(spec));
    return folder;
  }

  /** Undefined when it was never made. */
  async specOf(containerId: string): Promise<ContainerSpec | undefined> {
    const text = await readIfThere(join(this.of(containerId), 'spec.json'));
    return text === undefined ? undefined : (JSON.parse(text) as ContainerSpec);
  }

  async recordStart(containerId: string, record: StartRecord): Promise<void> {
    await writeWhole(join(this.of(containerId), 'start.json'), JSON.stringify(record));
  }

  async startOf(containerId: string): Promise<StartRecord | undefined> {
    const text = await readIfThere(join(this.of(containerId), 'start.json'));
    return text === undefined ? undefined : (JSON.parse(text) as StartRecord);
  }

  async list(): Promise<string[]> {
    return existsSync(this.#path) ? await readdir(this.#path) : [];
  }

  /**
   * What became of a container of an earlier agent.
   *
   * @param codeOf its exit code, undefined when none was written
   * @param outOfMemory whether the kernel has ended something there for want of memory
   */
  async recover(
    containerId: string,
    codeOf: () => Promise<number | undefined>,
    outOfMemory: () => Promise<boolean>,
  ): Promise<Recovered> {
    const started = await this.startOf(containerId);
    if (started === undefined) return { containerId, state: 'created' };
    // In this order: a code that is written after the look at the process is seen.
    const alive = await isAlive(started.identity);
    const exitCode = await codeOf();
    if (alive && exitCode === undefined) return { containerId, state: 'running', status: started.status };
    return { containerId, state: 'exited', exit: { exitCode, outOfMemory: await outOfMemory() } };
  }
}
