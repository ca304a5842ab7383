/**
 * What must survive the agent, below `--work_dir/meta`: one file for each record. A file is written beside its place,
 * flushed, and moved there, so that it holds one version or the other and never half of one.
 *
 * ```
 *   meta/boot_id
 *   meta/state/agent, resources, drain, operations/UUID
 *   meta/state/frameworks/ID/framework
 *   meta/state/frameworks/ID/executors/ID/CONTAINER/executor, tasks/ID
 * ```
 */
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Logger, silentLogger } from '@orchestrator/runtime/logger';
import { readIfThere } from '../container/read-if-there.ts';
import type { SavedRecord } from '../core/saved.ts';
import { decodeRecord, encodeRecord } from './codec.ts';

/** Of a record that is being written, and of no key; what is found at the start was never finished. */
const unfinished = '+new';

export interface CheckpointStoreOptions {
  workDir: string;
  logger?: Logger;
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(`${path}${unfinished}`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}${unfinished}`, path);
  await flushFolder(dirname(path));
}

export class CheckpointStore {
  readonly #folder: string;
  readonly #bootIdFile: string;
  readonly #logger: Logger;

  constructor({ workDir, logger = silentLogger }: CheckpointStoreOptions) {
    this.#folder = join(workDir, 'meta', 'state');
    this.#bootIdFile = join(workDir, 'meta', 'boot_id');
    this.#logger = logger;
  }

  /**
   * Everything that was saved.
   *
   * @throws AgentError `CheckpointUnreadable` for a file that is damaged: to go on without it would forget tasks
   */
  async read(): Promise<SavedRecord[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    const records: SavedRecord[] = [];
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (entry.name.endsWith(unfinished)) await rm(path);
      else records.push(decodeRecord(await readFile(path, 'utf8'), path));
    }
    // Made for a file that was never written.
    const folders = entries
      .filter((entry) => entry.isDirectory())
      .map((one) => join(one.parentPath, one.name));
    for (const folder of folders.toReversed()) await this.#removeEmptyFolders(folder);
    return records;
  }

  /** Resolves when it is on disk. */
  async save(key: string, record: SavedRecord): Promise<void> {
    const path = join(this.#folder, key);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole(path, encodeRecord(record));
  }

  async forget(key: string): Promise<void> {
    const path = join(this.#folder, key);
    await rm(path, { force: true });
    await this.#removeEmptyFolders(dirname(path));
  }

  async #removeEmptyFolders(path: string): Promise<void> {
    if (path === this.#folder) return;
    try {
      await rmdir(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Others are in it, or nothing ever was.
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return;
      this.#logger.warn('a folder of checkpoints could not be removed', { path, error });
      return;
    }
    await this.#removeEmptyFolders(dirname(path));
  }

  /** Whether the machine has started anew since the last call; false when there was none. */
  async noteBoot(bootIdPath = '/proc/sys/kernel/random/boot_id'): Promise<boolean> {
    const bootId = (await readFile(bootIdPath, 'utf8')).trim();
    const before = await readIfThere(this.#bootIdFile);
    if (before === bootId) return false;
    await mkdir(dirname(this.#bootIdFile), { recursive: true, mode: 0o700 });
    await writeWhole(this.#bootIdFile, bootId);
    return before !== undefined;
  }
}
