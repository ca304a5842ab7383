/**
 * Containers that operators and executors start inside others: a further process there, with its input and output to
 * attach to. They end with their parent; how each ended is remembered for a while.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Logger } from '@orchestrator/runtime';
import type { Containerizer } from '../container/containerizer.ts';
import type { ExecOptions, ExecSession, WindowSize } from '../container/runtime.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { openOutput } from '../sandbox/output.ts';

export const nestedLimits = {
  /** That run at a time. */
  running: 1_000,
  /** That have ended and are remembered. */
  ended: 1_000,
} as const;

export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  data: Buffer;
}

/** Takes output; what it returns holds back more of it. */
type OutputListener = (chunk: OutputChunk) => Promise<void> | void;

export interface NestedEnd {
  /** Undefined when it was ended with its parent, or by its client. */
  exitCode: number | undefined;
  message: string;
}

interface Nested {
  /** The container it is in. */
  within: string;
  session: ExecSession;
  abort: AbortController;
  listeners: Set<OutputListener>;
  /** Somebody's input is attached. */
  hasInput: boolean;
  /** After the last of its output. */
  end: Promise<NestedEnd>;
}

export interface LaunchNested extends Omit<ExecOptions, 'signal'> {
  id: string;
  /** A container of the containerizer that runs. */
  within: string;
  /** Where its output is kept, for one that nobody listens to from the start. */
  sandboxPath?: string;
  /** From the first byte on. */
  listener?: OutputListener;
}

export class NestedContainers {
  readonly #containerizer: Containerizer;
  readonly #logger: Logger;
  readonly #running = new Map<string, Nested>();
  readonly #starting = new Set<string>();
  readonly #ended = new Map<string, NestedEnd>();

  constructor({ containerizer, logger }: { containerizer: Containerizer; logger: Logger }) {
    this.#containerizer = containerizer;
    this.#logger = logger;
  }

  /** Ids with the container that each is in. */
  get running(): ReadonlyMap<string, { within: string }> {
    return this.#running;
  }

  /** Runs, is about to, or has ended and is remembered. */
  has(id: string): boolean {
    return this.#running.has(id) || this.#starting.has(id) || this.#ended.has(id);
  }

  /** @throws AgentError `NoSuchContainer` for a parent that does not run, `LaunchFailed`, `InvalidContainer` */
  async launch({ id, within, sandboxPath, listener, ...exec }: LaunchNested): Promise<void> {
    if (this.#running.size + this.#starting.size >= nestedLimits.running) {
      throw new AgentError('LaunchFailed', `${nestedLimits.running} nested containers run already`);
    }
    this.#starting.add(id);
    try {
      const abort = new AbortController();
      const session = await this.#containerizer.exec(within, { ...exec, signal: abort.signal });
      const listeners = new Set(listener === undefined ? [] : [listener]);
      const output = sandboxPath === undefined ? undefined : await fileListener(sandboxPath);
      if (output !== undefined) listeners.add(output.listener);
      const nested = { within, session, abort, listeners, hasInput: false };
      const end = this.#follow(id, nested).finally(() => output?.close());
      this.#running.set(id, { ...nested, end });
      this.#containerizer.wait(within).then(
        () => abort.abort(),
        () => abort.abort(),
      );
    } finally {
      this.#starting.delete(id);
    }
  }

  async #follow(id: string, nested: Omit<Nested, 'end'>): Promise<NestedEnd> {
    const { session, listeners } = nested;
    const pumped = Promise.all([
      pump('stdout', session.stdout, listeners),
      pump('stderr', session.stderr, listeners),
    ]);
    const end = await session.exit.then(
      (exitCode): NestedEnd => ({ exitCode, message: `Command exited with status ${exitCode}` }),
      (error: unknown): NestedEnd => ({ exitCode: undefined, message: reasonOf(error) }),
    );
    await pumped.catch((error: unknown) => {
      this.#logger.warn('output of a nested container is lost', { containerId: id, error: reasonOf(error) });
    });
    this.#running.delete(id);
    this.#ended.set(id, end);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= nestedLimits.ended) break;
      this.#ended.delete(oldest);
    }
    return end;
  }

  /** Undefined for one that nobody knows. */
  wait(id: string): Promise<NestedEnd> | undefined {
    const ended = this.#ended.get(id);
    return ended === undefined ? this.#running.get(id)?.end : Promise.resolve(ended);
  }

  /** False for one that does not run. */
  async kill(id: string, signal: number): Promise<boolean> {
    const nested = this.#running.get(id);
    await nested?.session.kill(signal);
    return nested !== undefined;
  }

  /** Ends it with all that it has started. */
  destroy(id: string): void {
    this.#running.get(id)?.abort.abort();
  }

  /** Forgets how it ended. @returns false while it runs */
  remove(id: string): boolean {
    if (this.#running.has(id)) return false;
    this.#ended.delete(id);
    return true;
  }

  /** Output from now on, until it ends or the returned function is called. Undefined for one that does not run. */
  attachOutput(id: string, listener: OutputListener): (() => void) | undefined {
    const listeners = this.#running.get(id)?.listeners;
    listeners?.add(listener);
    return listeners && (() => void listeners.delete(listener));
  }

  /** Undefined for one that does not run; `taken` when somebody else's input is attached. */
  attachInput(id: string): AttachedInput | 'taken' | undefined {
    const nested = this.#running.get(id);
    if (nested === undefined || nested.hasInput) return nested && 'taken';
    nested.hasInput = true;
    const { stdin } = nested.session;
    const isGone = () => stdin.destroyed || stdin.writableEnded || !this.#running.has(id);
    return {
      async write(data) {
        if (isGone() || stdin.write(data)) return;
        await Promise.race([once(stdin, 'drain').catch(() => undefined), nested.end]);
      },
      end: () => void stdin.end(),
      resize: (size) => nested.session.resize(size),
      detach: () => {
        nested.hasInput = false;
      },
      ended: nested.end,
    };
  }

  close(): void {
    for (const id of [...this.#running.keys()]) this.destroy(id);
  }
}

export interface AttachedInput {
  /** Resolves when there is room for more. */
  write(data: Uint8Array): Promise<void>;
  /** What the command reads ends. */
  end(): void;
  resize(size: WindowSize): Promise<void>;
  /** Another client may attach. */
  detach(): void;
  ended: Promise<NestedEnd>;
}

/** What is not read is not taken from the command: it waits, as it would for a terminal. */
async function pump(
  stream: OutputChunk['stream'],
  source: Readable,
  listeners: ReadonlySet<OutputListener>,
): Promise<void> {
  for await (const data of source as AsyncIterable<Buffer>) {
    await Promise.all([...listeners].map((listener) => listener({ stream, data })));
  }
}

async function fileListener(sandboxPath: string): Promise<{ listener: OutputListener; close: () => void }> {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const [stdout, stderr] = await openOutput(sandboxPath, owner);
  const files = { stdout, stderr };
  return {
    listener: ({ stream, data }) => files[stream].appendFile(data),
    close: () => {
      for (const file of [stdout, stderr]) file.close().catch(() => undefined); // closed once, at the end of its use
    },
  };
}
