/** What differs between the containerizers: how a container is made, watched and removed. Thin; it decides nothing. */
import type { Readable, Writable } from 'node:stream';
import type { ResourceUsage } from './cgroup-usage.ts';
import type { ContainerSpec } from './spec.ts';

export interface ContainerStatus {
  containerId: string;
  /** Which runtime has it: `docker`, `native`, `process`. */
  runtime: string;
  /** The first process of the container, as this machine counts. */
  pid: number;
  /** It has the host's network: its ports are on loopback too. */
  hostNetwork: boolean;
  /** Addresses of its own; empty on the host's network, and with no network at all. */
  ipAddresses: readonly string[];
  /** A log that the sandbox does not hold, and why. */
  notice?: string;
}

/** How the container's first process ended. */
export interface Exit {
  /** 128 and the signal's number when a signal ended it. Undefined when nobody knows it any more. */
  exitCode: number | undefined;
  /** The kernel ended a process of it because the memory limit was reached. */
  outOfMemory: boolean;
}

/** Of a terminal, in characters. */
export interface WindowSize {
  rows: number;
  columns: number;
}

export interface ExecOptions {
  argv: readonly string[];
  environment?: Readonly<Record<string, string>>;
  user?: string;
  /** Standard error then comes with standard output. */
  tty?: boolean;
  /** Of that terminal in the beginning; default as it comes. */
  windowSize?: WindowSize;
  /** Ends it with all that it has started. */
  signal?: AbortSignal;
}

/** A further process in a running container. */
export interface ExecSession {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Its exit code. Rejects when it was aborted or the container went away. */
  exit: Promise<number>;
  /** By its number, to the first process. Nothing when that has ended. */
  kill(signal: number): Promise<void>;
  /** Nothing without a terminal. */
  resize(size: WindowSize): Promise<void>;
}

export type Recovered =
  | { containerId: string; state: 'running'; status: ContainerStatus }
  | { containerId: string; state: 'exited'; exit: Exit }
  /** Made and never started: the agent died in between. */
  | { containerId: string; state: 'created' };

/** An image that is there already. */
export interface CachedImage {
  id: string;
  /** `repository:tag`; empty when it has lost its names. */
  names: readonly string[];
  digests: readonly string[];
  sizeBytes: number;
  createdMs: number;
}

export type ExitListener = (containerId: string, exit: Exit) => void;

export interface Runtime {
  readonly name: string;
  /** Why it cannot run this; undefined when it can. */
  refuses(spec: ContainerSpec): string | undefined;
  /** Gets the image and makes the container; gives up when the signal aborts. */
  create(spec: ContainerSpec, signal: AbortSignal): Promise<void>;
  start(spec: ContainerSpec): Promise<ContainerStatus>;
  /** SIGTERM to the processes that are to end by themselves, SIGKILL to all; nothing when there are none. */
  signal(containerId: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  usage(containerId: string): Promise<ResourceUsage>;
  exec(containerId: string, options: ExecOptions): Promise<ExecSession>;
  /** Removes every trace but the sandbox. Harmless when repeated. */
  remove(containerId: string): Promise<void>;
  /** Removes images that no container uses, but for those names. Not there: it keeps none itself. */
  pruneImages?(excluded: readonly string[]): Promise<void>;
  /** What it need not get any more. Not there: it cannot tell. */
  cachedImages?(): Promise<readonly CachedImage[]>;
  /** What is there from before this process. Those that run are watched from then on. */
  recover(): Promise<Recovered[]>;
  /** Told once for each container that was started or recovered running, when its log is complete. */
  onExit(listener: ExitListener): void;
  /** Stops watching; the containers stay. */
  close(): Promise<void>;
}
