/** Measures what containers have on the disk, one after the other, and tells what each has, and of those with too much. */
import { execFile } from 'node:child_process';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Logger } from '@orchestrator/runtime/logger';
import { bytesText } from '../bytes-text.ts';
import type { DiskAllotment, MeasuredDisk } from '../sandbox/disk-quota.ts';

export interface DiskWatchOptions {
  /** From the end of one look to the beginning of the next. */
  intervalMs: number;
  allotments: () => readonly DiskAllotment[];
  onExceeded: (containerId: string, message: string) => void;
  clock: Clock;
  logger: Logger;
}

const measurementTimeoutMs = 60_000;

/** What `du` says, links not followed; undefined where there is nothing. Files that vanish meanwhile are no matter. */
function usedBytes(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    execFile('du', ['-k', '-s', '--', path], { timeout: measurementTimeoutMs }, (error, stdout) => {
      const [, kibibytes] = /^(\d+)\s/.exec(stdout) ?? [];
      if (kibibytes !== undefined) resolve(Number(kibibytes) * 1024);
      else if (error?.code === 'ENOENT' || error?.killed === true) reject(error);
      else resolve(undefined);
    });
  });
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  /** At the last look, by container. */
  #measured: ReadonlyMap<string, readonly MeasuredDisk[]> = new Map();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#schedule();
  }

  #schedule(): void {
    const { clock, intervalMs, logger } = this.#options;
    if (this.#isClosed) return;
    const look = () =>
      this.#look()
        .catch((error: unknown) => logger.error('the disk of containers could not be measured', { error }))
        .then(() => this.#schedule());
    this.#timer = clock.after(intervalMs, look, { background: true });
  }

  async #look(): Promise<void> {
    const { allotments, onExceeded } = this.#options;
    const measured: MeasuredDisk[] = [];
    for (const allotment of allotments()) {
      const { containerId, path, quotaBytes } = allotment;
      const bytes = await usedBytes(path);
      if (this.#isClosed) return;
      if (bytes === undefined) continue;
      measured.push({ ...allotment, usedBytes: bytes });
      if (bytes <= quotaBytes) continue;
      onExceeded(containerId, `Disk usage (${bytesText(bytes)}) exceeds quota (${bytesText(quotaBytes)})`);
    }
    this.#measured = Map.groupBy(measured, ({ containerId }) => containerId);
  }

  /** Sandbox and volumes of a container; nothing before they were looked at. */
  measured(containerId: string): readonly MeasuredDisk[] {
    return this.#measured.get(containerId) ?? [];
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }
}
