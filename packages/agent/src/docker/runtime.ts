/** Containers of a Docker Engine. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Clock, sleep, systemClock, type Timer } from '@orchestrator/runtime/clock';
import type Docker from 'dockerode';
import { type BandwidthLimits, limitBandwidth } from '../container/bandwidth-limit.ts';
import { type ResourceUsage, readCgroupPaths, readUsage } from '../container/cgroup-usage.ts';
import { LaunchGate } from '../container/launch-gate.ts';
import type {
  CachedImage,
  ContainerStatus,
  ExecOptions,
  ExecSession,
  Exit,
  ExitListener,
  Recovered,
  Runtime,
} from '../container/runtime.ts';
import type { ContainerSpec, Image } from '../container/spec.ts';
import { AgentError } from '../errors.ts';
import type { ImageGate } from '../image/image-gate.ts';
import type { RotationOptions } from '../sandbox/rotating-log.ts';
import {
  agentLabel,
  type CreateSettings,
  containerLabel,
  containerName,
  createOptions,
  dockerProblem,
  sandboxLabel,
} from './create-options.ts';
import { engineError, statusOf, unless } from './engine-errors.ts';
import { execInContainer } from './exec.ts';
import { ExitWatch } from './exit-watch.ts';
import { Images } from './images.ts';
import { checkpointFile, LogFollower, removeCheckpoint, removeStrayCheckpoints } from './log-follower.ts';
import { readFetchedConfig, readOwnConfig } from './own-config.ts';

export interface DockerRuntimeOptions {
  /** Default `/var/run/docker.sock`. */
  socketPath?: string;
  /** Places in logs are kept here over a restart of the agent. */
  stateFolder: string;
  /** Agents that share an Engine need different ones. Default `agent`. */
  agentName?: string;
  /** Default `$HOME/.docker/config.json`; read at each pull. */
  configFile?: string;
  /** Its content, instead of the file. Secret. */
  config?: string;
  /** CPU quotas also for containers without a limit of their own. Default false. */
  enforceCpuQuota?: boolean;
  /** Default none. */
  bandwidth?: BandwidthLimits;
  /** Of `stdout` and `stderr` in the sandbox. */
  rotation?: RotationOptions;
  /**
   * What the Engine keeps of a container's log, default 64 MB: more than that, written while no agent reads it, is lost.
   */
  logMaxBytes?: number;
  /** Judges images before their containers start; default all are fine. */
  imageGate?: ImageGate | undefined;
  /** Images without Docker settings (containers of the type MESOS) are another containerizer's. Default false. */
  leavesMesosImages?: boolean;
  /** A pull that tells nothing for so long is given up; default 5 minutes. */
  pullStallTimeoutMs?: number;
  /** Containers made or started at a time; default the number of processors, 2 at least. */
  launchConcurrency?: number;
  clock?: Clock;
}

const defaultLogMaxBytes = 64 * 2 ** 20;
const defaultPullStallTimeoutMs = 5 * 60_000;
/** An exit is told without the rest of the log when the Engine takes longer to give it. */
const drainTimeoutMs = 10_000;

/** When the first one is made, since it takes some ten megabytes, which agents without Docker are to be spared. */
const loadDocker = () => createRequire(import.meta.url)('dockerode') as typeof Docker;

/** Of a process that was ended by SIGKILL. */
const killedStatus = 137;
/** The Engine tells of it within a tenth of that, if at all. */
const lateEventMs = 1_000;

/** The Engine has made by then whatever an agent asked for that died meanwhile. */
const lateCreationMs = 10_000;

interface Watched {
  follower: LogFollower;
  pid: number;
  /** Its end is being looked into. */
  ending: boolean;
  /** SIGKILL was sent: nothing else needs to explain it. */
  isKilled: boolean;
  /** Resolved when the Engine has told of it. */
  outOfMemory: PromiseWithResolvers<boolean>;
}

export class DockerRuntime implements Runtime {
  readonly name = 'docker';
  readonly images: Images;
  readonly #docker: Docker;
  readonly #options: DockerRuntimeOptions;
  readonly #clock: Clock;
  readonly #agentName: string;
  readonly #watched = new Map<string, Watched>();
  readonly #listeners: ExitListener[] = [];
  readonly #gate: LaunchGate;
  /** Made by this process, or being made. */
  readonly #own = new Set<string>();
  #watch: ExitWatch | undefined;
  #sweep: Timer | undefined;

  constructor(options: DockerRuntimeOptions) {
    const { socketPath = '/var/run/docker.sock' } = options;
    this.#options = options;
    this.#gate = new LaunchGate(options.launchConcurrency);
    this.#clock = options.clock ?? systemClock;
    this.#agentName = options.agentName ?? 'agent';
    // A connection for each call: measured, twice as fast as kept ones when many containers start at a time.
    this.#docker = new (loadDocker())({ socketPath });
    this.images = new Images({
      docker: this.#docker,
      clock: this.#clock,
      readConfig: () => readOwnConfig(options),
      pullStallTimeoutMs: options.pullStallTimeoutMs ?? defaultPullStallTimeoutMs,
    });
  }

  /** What the Engine has in its cache, for schedulers that prefer agents with the image. */
  cachedImages(): Promise<CachedImage[]> {
    return this.images.list();
  }

  refuses(spec: ContainerSpec): string | undefined {
    if (this.#options.leavesMesosImages === true && spec.docker === undefined)
      return 'its container is of the type MESOS';
    return dockerProblem(spec);
  }

  async create(spec: ContainerSpec, signal: AbortSignal): Promise<void> {
    const what = `making container ${spec.containerId}`;
    const { image } = spec;
    if (image === undefined) throw new AgentError('InvalidContainer', `${what}: it has no image`);
    this.#own.add(spec.containerId);
    if (image.forcePull === true) await this.#pull(image, spec, signal);
    signal.throwIfAborted();
    const options = createOptions(spec, this.#createSettings());
    try {
      await this.#make(options).catch(async (error) => {
        // Asked for only when it turns out to be missing: most often it is there, and each call counts.
        if (statusOf(error) !== 404 || image.forcePull === true) throw error;
        await this.#pull(image, spec, signal);
        signal.throwIfAborted();
        await this.#make(options);
      });
      await this.#admit(image.name, spec.containerId);
    } catch (error) {
      signal.throwIfAborted();
      throw engineError(error, 'LaunchFailed', what);
    }
  }

  async start(spec: ContainerSpec): Promise<ContainerStatus> {
    const { containerId, sandboxPath } = spec;
    this.#startWatch();
    await this.#watch?.connected;
    try {
      const container = this.#container(containerId);
      await this.#gate.run('start', () => container.start());
      const status = statusFrom(containerId, await container.inspect());
      await this.#limitBandwidth(status);
      await this.#follow(containerId, sandboxPath, status.pid);
      // It may have ended before anybody watched.
      if (status.pid === 0) this.#onEnded(containerId);
      return status;
    } catch (error) {
      throw engineError(error, 'LaunchFailed', `starting container ${containerId}`);
    }
  }

  async signal(containerId: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const watched = this.#watched.get(containerId);
    if (watched !== undefined && signal === 'SIGKILL') watched.isKilled = true;
    await this.#container(containerId).kill({ signal }).catch(unless(404, 409));
  }

  async usage(containerId: string): Promise<ResourceUsage> {
    const pid = this.#watched.get(containerId)?.pid;
    if (!pid) throw new AgentError('NoSuchContainer', `container ${containerId} has no process`);
    return await readUsage(await readCgroupPaths(pid));
  }

  async exec(containerId: string, options: ExecOptions): Promise<ExecSession> {
    return await execInContainer(this.#docker, this.#container(containerId), options);
  }

  async remove(containerId: string): Promise<void> {
    const watched = this.#watched.get(containerId);
    this.#watched.delete(containerId);
    try {
      await this.#container(containerId).remove({ force: true, v: true }).catch(unless(404, 409));
    } catch (error) {
      throw engineError(error, 'LaunchFailed', `removing container ${containerId}`);
    }
    this.#own.delete(containerId);
    await watched?.follower.close();
    await removeCheckpoint(this.#checkpointFile(containerId));
  }

  async recover(): Promise<Recovered[]> {
    const listed = await this.#list({}).catch((error) => {
      throw engineError(error, 'LaunchFailed', 'looking for containers of an earlier agent');
    });
    // What cannot be removed now is found at the next start.
    const sweep = () => void this.#removeStrays().catch(() => undefined);
    this.#sweep = this.#clock.after(lateCreationMs, sweep, { background: true });
    this.#startWatch();
    await this.#watch?.connected;
    const containers = new Set(listed.map(({ Labels }) => Labels[containerLabel]));
    await removeStrayCheckpoints(this.#options.stateFolder, (containerId) => containers.has(containerId));
    return await Promise.all(listed.map(({ Labels }) => this.#recoverOne(Labels)));
  }

  onExit(listener: ExitListener): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#sweep?.cancel();
    await this.#watch?.close();
    await Promise.all([...this.#watched.values()].map(({ follower }) => follower.close()));
    this.#watched.clear();
  }

  /** Of this agent and those before it, whatever has become of them. */
  #list(filters: Record<string, string[]>): Promise<Docker.ContainerInfo[]> {
    const all = { label: [`${agentLabel}=${this.#agentName}`], ...filters };
    return this.#docker.listContainers({ all: true, filters: JSON.stringify(all) });
  }

  /** What an agent that died had asked for, and the Engine has made since. The next recovery finds what is left. */
  async #removeStrays(): Promise<void> {
    for (const { Labels } of await this.#list({ status: ['created'] })) {
      const containerId = Labels[containerLabel] ?? '';
      if (!this.#own.has(containerId)) await this.remove(containerId);
    }
  }

  #container(containerId: string): Docker.Container {
    return this.#docker.getContainer(containerName(containerId));
  }

  #checkpointFile(containerId: string): string {
    return checkpointFile(this.#options.stateFolder, containerId);
  }

  async #pull(image: Image, { sandboxPath }: ContainerSpec, signal: AbortSignal): Promise<void> {
    const pullConfig = image.pullConfig ?? (await readFetchedConfig(sandboxPath));
    await this.images.pull({ ...image, ...(pullConfig !== undefined && { pullConfig }) }, signal);
  }

  async #make(options: Docker.ContainerCreateOptions): Promise<void> {
    await this.#gate.run('create', () => this.#docker.createContainer(options));
  }

  #createSettings(): CreateSettings {
    return {
      agentName: this.#agentName,
      enforceCpuQuota: this.#options.enforceCpuQuota ?? false,
      logMaxBytes: this.#options.logMaxBytes ?? defaultLogMaxBytes,
    };
  }

  async #admit(name: string, containerId: string): Promise<void> {
    const { imageGate } = this.#options;
    if (imageGate === undefined) return;
    const { Image: id } = await this.#container(containerId).inspect();
    await imageGate.admit({ name, id: id.replace(/^sha256:/, '') });
  }

  /** The Engine makes a network together with the process: there is no earlier moment. */
  async #limitBandwidth({ pid, hostNetwork }: ContainerStatus): Promise<void> {
    const { bandwidth } = this.#options;
    const namespace = `/proc/${pid}/ns/net`;
    if (bandwidth === undefined || hostNetwork || !existsSync(namespace)) return;
    await limitBandwidth(namespace, bandwidth).catch((error) => {
      // It may have ended, and its network with it.
      if (existsSync(namespace)) throw error;
    });
  }

  #startWatch(): void {
    this.#watch ??= new ExitWatch({
      docker: this.#docker,
      clock: this.#clock,
      agentName: this.#agentName,
      onEnded: (containerId) => this.#onEnded(containerId),
      onOutOfMemory: (containerId) => this.#watched.get(containerId)?.outOfMemory.resolve(true),
      running: () => this.#watched.keys(),
    });
  }

  async #follow(containerId: string, sandboxPath: string, pid: number): Promise<LogFollower> {
    await mkdir(this.#options.stateFolder, { recursive: true });
    const follower = new LogFollower({
      container: this.#container(containerId),
      sandboxPath,
      checkpointFile: this.#checkpointFile(containerId),
      rotation: this.#options.rotation ?? {},
      clock: this.#clock,
    });
    this.#watched.set(containerId, {
      ...{ follower, pid, ending: false, isKilled: false },
      outOfMemory: Promise.withResolvers(),
    });
    return follower;
  }

  async #recoverOne(labels: Readonly<Record<string, string>>): Promise<Recovered> {
    const containerId = labels[containerLabel] ?? '';
    const inspected = await this.#container(containerId).inspect();
    const { Status, Running } = inspected.State;
    if (Status === 'created') return { containerId, state: 'created' };
    const status = statusFrom(containerId, inspected);
    const follower = await this.#follow(containerId, labels[sandboxLabel] ?? '', status.pid);
    if (Running) {
      // An agent that dies between its start and its limit leaves it without.
      await this.#limitBandwidth(status);
      return { containerId, state: 'running', status };
    }
    const watched = this.#watched.get(containerId);
    if (watched !== undefined) watched.ending = true;
    await this.#drained(follower);
    return { containerId, state: 'exited', exit: exitFrom(inspected) };
  }

  #onEnded(containerId: string): void {
    const watched = this.#watched.get(containerId);
    if (watched === undefined || watched.ending) return;
    watched.ending = true;
    this.#lookInto(containerId, watched).then(
      (exit) => {
        if (exit === undefined) watched.ending = false;
        else for (const listener of this.#listeners) listener(containerId, exit);
      },
      () => {
        // The Engine is away; the next connect of the watch asks again.
        watched.ending = false;
      },
    );
  }

  /** Undefined when it runs after all. */
  async #lookInto(containerId: string, watched: Watched): Promise<Exit | undefined> {
    const inspected = await this.#container(containerId).inspect().catch(unless(404));
    if (inspected?.State.Running === true) return undefined;
    await this.#drained(watched.follower);
    // Somebody else has removed it: how it ended is known to nobody.
    if (inspected === undefined) return { exitCode: undefined, outOfMemory: false };
    const exit = exitFrom(inspected);
    const isUnexplained = exit.exitCode === killedStatus && !exit.outOfMemory && !watched.isKilled;
    if (!isUnexplained) return exit;
    // Measured: of forty containers on a busy machine one ended before the Engine knew that memory was why.
    const late = sleep(this.#clock, lateEventMs).then(() => false);
    return { ...exit, outOfMemory: await Promise.race([watched.outOfMemory.promise, late]) };
  }

  async #drained(follower: LogFollower): Promise<void> {
    const late = new AbortController();
    await Promise.race([
      follower.done,
      sleep(this.#clock, drainTimeoutMs, late.signal).catch(() => undefined),
    ]);
    late.abort();
  }
}

function statusFrom(containerId: string, inspected: Docker.ContainerInspectInfo): ContainerStatus {
  const { State, NetworkSettings, HostConfig } = inspected;
  const networks = Object.values(NetworkSettings.Networks ?? {});
  const driver = HostConfig.LogConfig?.Type ?? '';
  return {
    containerId,
    runtime: 'docker',
    pid: State.Pid,
    hostNetwork: HostConfig.NetworkMode === 'host',
    ipAddresses: networks.map(({ IPAddress }) => IPAddress).filter((address) => address !== ''),
    ...(driver !== 'json-file' && {
      notice: `its log driver is ${driver}: the sandbox may not have its output`,
    }),
  };
}

function exitFrom({ State }: Docker.ContainerInspectInfo): Exit {
  return { exitCode: State.ExitCode, outOfMemory: State.OOMKilled };
}
