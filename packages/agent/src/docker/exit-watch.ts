/**
 * Who has ended: one stream of the Engine's events for all containers of an agent, and a look at all of them whenever
 * the stream begins, since what happened before is not told. And now and then: a stream can fall silent unnoticed, and a
 * container can end in the moment before it is watched.
 */
import type { Readable } from 'node:stream';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import type Docker from 'dockerode';
import { agentLabel, containerLabel } from './create-options.ts';

export interface ExitWatchOptions {
  docker: Docker;
  clock: Clock;
  agentName: string;
  /** A container may have ended, or be gone. Told more than once. */
  onEnded: (containerId: string) => void;
  /** The kernel has ended something there for want of memory; may come after the end. */
  onOutOfMemory: (containerId: string) => void;
  /** Asked after each connect for those that are believed to run. */
  running: () => Iterable<string>;
}

const reconnectDelayMs = 250;
const lookIntervalMs = 5_000;

interface EngineEvent {
  Action?: string;
  Actor?: { Attributes?: Record<string, string> };
}

export class ExitWatch {
  readonly #options: ExitWatchOptions;
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  #stream: Readable | undefined;
  #connected = Promise.withResolvers<void>();

  constructor(options: ExitWatchOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  /** Resolves while events come: what ends after that is told. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stream?.destroy();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      // An Engine that is away ends no container that we could ask about.
      await this.#watch().catch(() => undefined);
      this.#connected = Promise.withResolvers();
      await sleep(this.#options.clock, reconnectDelayMs, this.#closing.signal).catch(() => undefined);
    }
  }

  async #watch(): Promise<void> {
    const { docker, agentName } = this.#options;
    const filters = {
      type: ['container'],
      event: ['die', 'destroy', 'oom'],
      label: [`${agentLabel}=${agentName}`],
    };
    const stream = (await docker.getEvents({
      filters: JSON.stringify(filters),
      abortSignal: this.#closing.signal,
    } as Docker.GetEventsOptions)) as Readable;
    this.#stream = stream;
    this.#connected.resolve();
    await this.#look();
    const over = new AbortController();
    const looks = this.#lookNowAndThen(over.signal);
    try {
      let rest = '';
      for await (const chunk of stream) {
        const lines = (rest + (chunk as Buffer).toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#read(line);
      }
    } finally {
      over.abort();
      await looks;
    }
  }

  async #lookNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.clock, lookIntervalMs, signal).catch(() => undefined);
      // An Engine that does not answer is asked again.
      if (!signal.aborted) await this.#look().catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { docker, agentName, onEnded, running } = this.#options;
    const believed = [...running()];
    if (believed.length === 0) return;
    const filters = { label: [`${agentLabel}=${agentName}`] };
    const listed = await docker.listContainers({ filters: JSON.stringify(filters) });
    const alive = new Set(listed.map(({ Labels }) => Labels[containerLabel]));
    for (const containerId of believed) if (!alive.has(containerId)) onEnded(containerId);
  }

  #read(line: string): void {
    if (line.trim() === '') return;
    const { Action, Actor } = JSON.parse(line) as EngineEvent;
    const containerId = Actor?.Attributes?.[containerLabel];
    if (containerId === undefined) return;
    const { onEnded, onOutOfMemory } = this.#options;
    if (Action === 'oom') onOutOfMemory(containerId);
    else onEnded(containerId);
  }
}
