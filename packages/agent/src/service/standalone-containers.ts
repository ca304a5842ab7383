/** Containers that operators start beside all tasks. Each has a sandbox of its own, by which the next agent knows it. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@orchestrator/runtime';
import type { Containerizer } from '../container/containerizer.ts';
import type { ContainerSpec } from '../container/spec.ts';
import { reasonOf } from '../errors.ts';
import { folderName } from '../sandbox/layout.ts';

export class StandaloneContainers {
  readonly #containerizer: Containerizer;
  readonly #folder: string;
  readonly #logger: Logger;

  constructor(options: { containerizer: Containerizer; workDir: string; logger: Logger }) {
    this.#containerizer = options.containerizer;
    this.#folder = join(options.workDir, 'standalone');
    this.#logger = options.logger;
  }

  sandboxOf(containerId: string): string {
    return join(this.#folder, folderName(containerId));
  }

  has(containerId: string): boolean {
    return existsSync(this.sandboxOf(containerId));
  }

  /** @throws AgentError as `Containerizer.launch`; nothing is left then */
  async launch(containerId: string, specIn: (sandboxPath: string) => ContainerSpec): Promise<void> {
    const sandboxPath = this.sandboxOf(containerId);
    await mkdir(sandboxPath, { recursive: true });
    try {
      await this.#containerizer.launch(specIn(sandboxPath));
    } catch (error) {
      await rm(sandboxPath, { recursive: true, force: true });
      throw error;
    }
  }

  /** Its sandbox too. @returns false while it runs */
  async remove(containerId: string): Promise<boolean> {
    if (this.#containerizer.status(containerId) !== undefined) return false;
    await this.#containerizer.destroy(containerId).catch((error: unknown) => {
      this.#logger.warn('a standalone container could not be removed', {
        containerId,
        error: reasonOf(error),
      });
    });
    await rm(this.sandboxOf(containerId), { recursive: true, force: true });
    return true;
  }
}
