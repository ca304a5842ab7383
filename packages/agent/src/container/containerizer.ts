/** Runs the machine of each container on one runtime. */

import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';
import { type Logger, silentLogger } from '@orchestrator/runtime/logger';
import { AgentError, reasonOf } from '../errors.ts';
import type { ResourceUsage } from './cgroup-usage.ts';
import {
  type ContainerAction,
  type ContainerEvent,
  type ContainerState,
  initialStep,
  recoveredState,
  step,
  type Termination,
} from './machine.ts';
import type { CachedImage, ContainerStatus, ExecOptions, ExecSession, Runtime } from './runtime.ts';
import { type ContainerSpec, specProblem } from './spec.ts';

export type RecoveredContainer = { containerId: string } & (
  | { state: 'running'; status: ContainerStatus }
  | { state: 'exited'; termination: Termination }
);

export interface Containerizer {
  /** `docker`, `native`, `process`, or several with commas. */
  readonly name: string;
  /** Why it cannot run this; undefined when it can. */
  refuses(spec: ContainerSpec): string | undefined;
  /**
   * Resolves when the command runs.
   *
   * @throws AgentError `InvalidContainer`, `ImageUnavailable`, `LaunchFailed`, `Killed`, `RuntimeUnavailable`; nothing is
   * left of the container then but the sandbox
   */
  launch(spec: ContainerSpec): Promise<ContainerStatus>;
  /** Resolves when it has ended, at once when it has ended before. @throws AgentError `NoSuchContainer` */
  wait(containerId: string): Promise<Termination>;
  /** SIGTERM, and SIGKILL after the grace (default 3000 ms). Returns at once; `wait` tells. Unknown ids: nothing. */
  kill(containerId: string, options?: { graceMs?: number }): void;
  /** Ends it at once if need be and removes every trace of it but the sandbox. Unknown ids: nothing. */
  destroy(containerId: string): Promise<void>;
  /** Undefined before it runs and after it has ended. */
  status(containerId: string): ContainerStatus | undefined;
  /** @throws AgentError `NoSuchContainer` */
  usage(containerId: string): Promise<ResourceUsage>;
  /** A further process in a running container. @throws AgentError `NoSuchContainer`, `LaunchFailed` */
  exec(containerId: string, options: ExecOptions): Promise<ExecSession>;
  /** Removes images that it keeps and no container uses, but for those names. */
  pruneImages(excluded: readonly string[]): Promise<void>;
  /** Those that are there already, of runtimes that can tell. @throws AgentError `RuntimeUnavailable` */
  cachedImages(): Promise<readonly CachedImage[]>;
  /** Ids of all that have not been destroyed. */
  containers(): string[];
  /**
   * Takes over what an agent before this one left. Call once, before anything else. Containers for which `keep` says no
   * (default: all are kept), and such as were made and never started, are destroyed and not told of.
   */
  recover(keep?: (containerId: string) => boolean): Promise<RecoveredContainer[]>;
  /** Stops watching, once what is being removed is gone; the other containers go on. */
  close(): Promise<void>;
}

export interface ContainerizerOptions {
  clock?: Clock;
  logger?: Logger;
}

const defaultGraceMs = 3_000;

interface Entry {
  spec: ContainerSpec | undefined;
  state: ContainerState;
  timer: Timer | undefined;
  abort: AbortController;
  /** What made the launch fail, as it was thrown. */
  failure: unknown;
  launched: PromiseWithResolvers<ContainerStatus>;
  terminated: PromiseWithResolvers<Termination>;
  removed: PromiseWithResolvers<void>;
}

function newEntry(spec: ContainerSpec | undefined, state: ContainerState): Entry {
  const entry: Entry = {
    spec,
    state,
    timer: undefined,
    abort: new AbortController(),
    failure: undefined,
    launched: Promise.withResolvers(),
    terminated: Promise.withResolvers(),
    removed: Promise.withResolvers(),
  };
  // Not everybody who launches waits for the launch.
  entry.launched.promise.catch(() => undefined);
  return entry;
}

class RuntimeContainerizer implements Containerizer {
  readonly name: string;
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();

  constructor(runtime: Runtime, options: ContainerizerOptions) {
    this.name = runtime.name;
    this.#runtime = runtime;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    runtime.onExit((containerId, exit) => this.#apply(containerId, { type: 'exited', exit }));
  }

  refuses(spec: ContainerSpec): string | undefined {
    return specProblem(spec) ?? this.#runtime.refuses(spec);
  }

  launch(spec: ContainerSpec): Promise<ContainerStatus> {
    const { containerId } = spec;
    const problem = this.#entries.has(containerId) ? 'its id is in use' : this.refuses(spec);
    if (problem !== undefined) {
      return Promise.reject(new AgentError('InvalidContainer', `container ${containerId}: ${problem}`));
    }
    const entry = newEntry(spec, initialStep.state);
    this.#entries.set(containerId, entry);
    for (const action of initialStep.actions) this.#perform(containerId, entry, action);
    return entry.launched.promise;
  }

  async wait(containerId: string): Promise<Termination> {
    return await this.#entry(containerId).terminated.promise;
  }

  kill(containerId: string, options: { graceMs?: number } = {}): void {
    this.#apply(containerId, { type: 'kill', graceMs: options.graceMs ?? defaultGraceMs });
  }

  async destroy(containerId: string): Promise<void> {
    const entry = this.#entries.get(containerId);
    if (entry === undefined) return;
    this.#apply(containerId, { type: 'destroy' });
    await entry.removed.promise;
  }

  status(containerId: string): ContainerStatus | undefined {
    const state = this.#entries.get(containerId)?.state;
    return state?.phase === 'running' ? state.status : undefined;
  }

  async usage(containerId: string): Promise<ResourceUsage> {
    return await this.#runtime.usage(this.#running(containerId));
  }

  async exec(containerId: string, options: ExecOptions): Promise<ExecSession> {
    return await this.#runtime.exec(this.#running(containerId), options);
  }

  async cachedImages(): Promise<readonly CachedImage[]> {
    return (await this.#runtime.cachedImages?.()) ?? [];
  }

  async pruneImages(excluded: readonly string[]): Promise<void> {
    await this.#runtime.pruneImages?.(excluded);
  }

  containers(): string[] {
    return [...this.#entries.keys()];
  }

  async recover(keep: (containerId: string) => boolean = () => true): Promise<RecoveredContainer[]> {
    const recovered: RecoveredContainer[] = [];
    const orphans: string[] = [];
    for (const found of await this.#runtime.recover()) {
      const { containerId } = found;
      if (found.state === 'created') {
        await this.#removeUnstarted(containerId);
        continue;
      }
      const state = recoveredState(found);
      const entry = newEntry(undefined, state);
      this.#entries.set(containerId, entry);
      if (state.phase === 'exited') entry.terminated.resolve(state.termination);
      if (!keep(containerId)) orphans.push(containerId);
      else if (state.phase === 'exited')
        recovered.push({ containerId, state: 'exited', termination: state.termination });
      else if (found.state === 'running')
        recovered.push({ containerId, state: 'running', status: found.status });
    }
    await Promise.all(orphans.map((containerId) => this.destroy(containerId)));
    return recovered;
  }

  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    for (const { timer } of entries) timer?.cancel();
    // What is being removed is removed to the end: whoever starts next might not look for it.
    const removing = entries.filter(({ state }) => state.phase === 'removing');
    await Promise.allSettled(removing.map(({ removed }) => removed.promise));
    await this.#runtime.close();
  }

  #entry(containerId: string): Entry {
    const entry = this.#entries.get(containerId);
    if (entry === undefined) throw new AgentError('NoSuchContainer', `there is no container ${containerId}`);
    return entry;
  }

  #running(containerId: string): string {
    const { state } = this.#entry(containerId);
    if (state.phase === 'running') return containerId;
    throw new AgentError('NoSuchContainer', `container ${containerId} is not running but ${state.phase}`);
  }

  #apply(containerId: string, event: ContainerEvent): void {
    const entry = this.#entries.get(containerId);
    if (entry === undefined) return;
    const { state, actions } = step(entry.state, event);
    entry.state = state;
    if (state.phase === 'removed') {
      this.#entries.delete(containerId);
      entry.removed.resolve();
    }
    for (const action of actions) this.#perform(containerId, entry, action);
  }

  #perform(containerId: string, entry: Entry, action: ContainerAction): void {
    const tell = (event: ContainerEvent) => this.#apply(containerId, event);
    const fail = (error: unknown) => {
      entry.failure = error;
      tell({ type: 'failed', message: reasonOf(error) });
    };
    switch (action.type) {
      case 'create':
        if (entry.spec === undefined) break;
        this.#runtime.create(entry.spec, entry.abort.signal).then(() => tell({ type: 'created' }), fail);
        break;
      case 'start':
        if (entry.spec === undefined) break;
        this.#runtime.start(entry.spec).then((status) => tell({ type: 'started', status }), fail);
        break;
      case 'abort':
        entry.abort.abort(new AgentError('Killed', `container ${containerId} was killed during its launch`));
        break;
      case 'signal':
        // The timer of the machine repeats it.
        this.#runtime.signal(containerId, action.signal).catch((error) => {
          const fields = { containerId, signal: action.signal, error: reasonOf(error) };
          this.#logger.warn('a container could not be signalled', fields);
        });
        break;
      case 'timer':
        entry.timer?.cancel();
        entry.timer =
          action.delayMs === undefined
            ? undefined
            : this.#clock.after(action.delayMs, () => tell({ type: 'timeout' }), { background: true });
        break;
      case 'launched':
        entry.launched.resolve(action.status);
        break;
      case 'terminated':
        entry.terminated.resolve(action.termination);
        this.#rejectLaunch(containerId, entry, action.termination);
        break;
      case 'remove':
        this.#remove(containerId, entry);
        break;
    }
  }

  /** A launch that failed is told when nothing is left of it. */
  #rejectLaunch(containerId: string, entry: Entry, termination: Termination): void {
    const reject = () => entry.launched.reject(launchError(containerId, entry.failure, termination));
    if (entry.state.phase === 'removing') entry.removed.promise.then(reject, reject);
    else reject();
  }

  /** The others are not to wait for what cannot be removed: it stays with the runtime. */
  async #removeUnstarted(containerId: string): Promise<void> {
    await this.#runtime.remove(containerId).catch((error: unknown) => {
      this.#logger.error('a container could not be removed', { containerId, error });
    });
  }

  /** What cannot be removed stays with the runtime, where the next recovery finds it. */
  #remove(containerId: string, entry: Entry): void {
    this.#runtime.remove(containerId).then(
      () => this.#apply(containerId, { type: 'removed' }),
      (error) => {
        this.#logger.error('a container could not be removed', { containerId, error });
        this.#entries.delete(containerId);
        entry.removed.reject(error);
      },
    );
    entry.removed.promise.catch(() => undefined);
  }
}

function launchError(containerId: string, failure: unknown, termination: Termination): AgentError {
  if (termination.reason === 'killed') {
    return new AgentError('Killed', `container ${containerId}: ${termination.message}`);
  }
  if (failure instanceof AgentError) return failure;
  return new AgentError('LaunchFailed', `container ${containerId}: ${termination.message}`, {
    cause: failure,
  });
}

/** A containerizer of one runtime. */
export function createContainerizer(runtime: Runtime, options: ContainerizerOptions = {}): Containerizer {
  return new RuntimeContainerizer(runtime, options);
}
