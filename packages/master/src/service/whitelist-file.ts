/** `--whitelist`: a file with the host names of the agents that may be offered, one a line; looked at again and again. */
import { readFile } from 'node:fs/promises';
import type { Clock, Logger, Timer } from '@orchestrator/runtime';

export interface WhitelistFileOptions {
  readonly path: string;
  /** Undefined: all agents may be offered. Called at the first reading, and when the list has changed. */
  readonly onList: (hostnames: ReadonlySet<string> | undefined) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const intervalMs = 5_000;

/** `*` alone stands for all. */
export function parseWhitelist(text: string): ReadonlySet<string> | undefined {
  const hostnames = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return hostnames.length === 1 && hostnames[0] === '*' ? undefined : new Set(hostnames);
}

export class WhitelistFile {
  readonly #options: WhitelistFileOptions;
  #last: string | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: WhitelistFileOptions) {
    this.#options = options;
  }

  /** Resolves when the file has been read for the first time: nothing is to be offered before. */
  async start(): Promise<void> {
    await this.#look();
  }

  async #look(): Promise<void> {
    const { path, onList, clock, logger } = this.#options;
    try {
      const text = await readFile(path, 'utf8');
      if (text !== this.#last && !this.#isClosed) {
        this.#last = text;
        onList(parseWhitelist(text));
      }
    } catch (error) {
      // The list as it was holds; before the first one nobody is on it.
      logger.error('the whitelist cannot be read', { path, error });
      if (this.#last === undefined && !this.#isClosed) onList(new Set());
    }
    if (!this.#isClosed) this.#timer = clock.after(intervalMs, () => void this.#look(), { background: true });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }
}
