/** Watches the disk and removes the sandboxes whose time has come, one after the other. */
import { rm, stat, statfs } from 'node:fs/promises';
import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';
import { type Logger, silentLogger } from '@orchestrator/runtime/logger';
import {
  allowedAgeMs,
  defaultGarbageOptions,
  type Garbage,
  type GarbageOptions,
  planGarbage,
} from './garbage.ts';
import { findSandboxes, removeEmptyAbove } from './layout.ts';

export interface CollectorOptions extends Partial<GarbageOptions> {
  /** On the disk that is watched. */
  workDir: string;
  /** Default one minute. */
  diskWatchIntervalMs?: number;
  clock?: Clock;
  logger?: Logger;
}

/** Share of the disk that is taken, of what is there for everybody. */
export async function diskUsage(path: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(path);
  const used = blocks - bfree;
  return used / (used + bavail);
}

const defaultIntervalMs = 60_000;

export class SandboxCollector {
  readonly #options: CollectorOptions;
  readonly #rule: GarbageOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #garbage: Garbage[] = [];
  #timer: Timer | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#rule = { ...defaultGarbageOptions, ...options };
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#schedule();
  }

  /** Nobody needs it any more. `sinceMs`: default now; after a restart of the agent when it was last changed. */
  add(path: string, sinceMs = this.#clock.nowMs()): void {
    this.#garbage.push({ path, sinceMs });
  }

  /** What earlier agents left: all sandboxes but those of these containers, since they were last changed. */
  async addFound(inUse: ReadonlySet<string>): Promise<void> {
    for (const { path, containerId } of await findSandboxes(this.#options.workDir)) {
      if (inUse.has(containerId)) continue;
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined) this.add(path, found.mtimeMs);
    }
  }

  /** It is needed again: another run of the executor in the same folder. */
  rescue(path: string): void {
    this.#garbage = this.#garbage.filter((one) => one.path !== path);
  }

  /** Folders that wait for their time. */
  get size(): number {
    return this.#garbage.length;
  }

  /** Looks at the disk now. @returns what was removed, and how old garbage may become at present */
  async collect(): Promise<{ removed: string[]; allowedAgeMs: number }> {
    const usage = await diskUsage(this.#options.workDir);
    const { remove } = planGarbage(this.#garbage, { nowMs: this.#clock.nowMs(), usage }, this.#rule);
    const removed: string[] = [];
    for (const one of remove) {
      // Rescued while others were removed.
      if (!this.#garbage.includes(one)) continue;
      this.rescue(one.path);
      try {
        await rm(one.path, { recursive: true, force: true, maxRetries: 2 });
        await removeEmptyAbove(one.path);
        removed.push(one.path);
      } catch (error) {
        this.#logger.error('a sandbox could not be removed', { path: one.path, error });
      }
    }
    return { removed, allowedAgeMs: allowedAgeMs(usage, this.#rule) };
  }

  close(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    const intervalMs = this.#options.diskWatchIntervalMs ?? defaultIntervalMs;
    const look = () =>
      this.collect()
        .catch((error) => this.#logger.error('the disk could not be looked at', { error }))
        .then(() => this.#schedule());
    this.#timer = this.#clock.after(intervalMs, look, { background: true });
  }
}
