/** Standard output and standard error of a task, as they come. */
import { MesosError, type OfferValid } from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import type { Cluster } from '../connection/cluster.ts';
import { followFile, sandboxPaths } from './sandbox.ts';

export interface OutputStreamOptions {
  readonly cluster: Cluster;
  readonly context: CommandContext;
  readonly say: (text: string) => void;
}

export interface OutputSource {
  readonly taskId: string;
  readonly frameworkId: string;
  readonly offer: OfferValid;
}

const defaultPort = 5051;

export class OutputStream {
  readonly #options: OutputStreamOptions;
  #growing = true;
  #streams: Promise<void>[] | undefined;

  constructor(options: OutputStreamOptions) {
    this.#options = options;
  }

  /** Once; a second call changes nothing. */
  begin(source: OutputSource): void {
    this.#streams ??= [this.#pass(source, 'stdout', 'out'), this.#pass(source, 'stderr', 'error')];
  }

  /** Resolves when all has been passed on that was written; nothing more is expected. */
  async end(): Promise<void> {
    this.#growing = false;
    await Promise.all(this.#streams ?? []);
  }

  async #pass(
    { taskId, frameworkId, offer }: OutputSource,
    file: string,
    to: 'out' | 'error',
  ): Promise<void> {
    const { cluster, context, say } = this.#options;
    const { terminal, clock } = context;
    const address = offer.url?.address;
    const host = (cluster.transport.scheme === 'https' ? undefined : address?.ip) || offer.hostname;
    const agent = cluster.agent({ host, port: address?.port ?? defaultPort });
    const task = { id: taskId, framework_id: frameworkId, executor_id: taskId, in_group: false };
    const [path = ''] = sandboxPaths(task, file);
    const mayGrow = () => this.#growing;
    // Not ended by Ctrl-C: what the task says to its end is passed on, too.
    const { signal } = new AbortController();
    try {
      for await (const data of followFile({ agent, path, offset: 0, mayGrow, clock, signal }))
        terminal.writeBytes(data, to);
    } catch (error) {
      // It never ran, so it has written nothing.
      if (error instanceof MesosError && error.code === 'not-found') return;
      say(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
    }
  }
}
