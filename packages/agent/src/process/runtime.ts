/**
 * Plain processes, for machines without a container runtime: a session of its own and nothing else. No limits, no file
 * system, no network of its own; what leaves the session escapes. A shell of a few lines stays with each to keep its
 * exit code.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { type Account, findAccount } from '../container/account.ts';
import type { ResourceUsage } from '../container/cgroup-usage.ts';
import { ContainerFolders } from '../container/container-folder.ts';
import { ExitFolder } from '../container/exit-folder.ts';
import { identify } from '../container/process-identity.ts';
import { signalIfThere } from '../container/process-tree.ts';
import type {
  ContainerStatus,
  ExecOptions,
  ExecSession,
  ExitListener,
  Recovered,
  Runtime,
} from '../container/runtime.ts';
import { spawnExec } from '../container/spawn-exec.ts';
import { argvOf, type ContainerSpec, type Volume } from '../container/spec.ts';
import { AgentError } from '../errors.ts';
import { openOutput } from '../sandbox/output.ts';
import type { RotationOptions } from '../sandbox/rotating-log.ts';
import { OutputWatch } from '../sandbox/shorten-output.ts';
import { Sessions } from './sessions.ts';

export interface ProcessRuntimeOptions {
  /** What is known of the processes, and their exit codes. */
  stateFolder: string;
  /** Of `stdout` and `stderr` in the sandbox. */
  rotation?: RotationOptions;
  clock?: Clock;
}

/**
 * Waits for the command and writes its exit code to descriptor 3, which the command does not get. The shell itself takes
 * the signals that end a session, so that it is there to write; what it starts has them as they were.
 */
const wrapper = `trap : TERM INT HUP QUIT
"$@" 3>&-
echo $? >&3`;

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ticksPerS = 100;
const pageBytes = 4096;

/** Folders of the machine can be in a sandbox as links, as Mesos has them without isolation. */
const isLinkable = (volume: Volume) =>
  volume.source === 'host' && !volume.containerPath.startsWith('/') && volume.readOnly !== true;

async function linkVolumes({ volumes = [], sandboxPath }: ContainerSpec): Promise<void> {
  for (const volume of volumes) {
    if (volume.source !== 'host') continue;
    const path = join(sandboxPath, volume.containerPath);
    await mkdir(dirname(path), { recursive: true });
    await symlink(volume.hostPath, path);
  }
}

function processProblem(spec: ContainerSpec): string | undefined {
  const needs = 'needs a container runtime; only plain processes are there';
  if (spec.image !== undefined) return `image ${spec.image.name} ${needs}`;
  if ((spec.network?.mode ?? 'host') !== 'host') return `network ${spec.network?.mode} ${needs}`;
  const volume = (spec.volumes ?? []).find((one) => !isLinkable(one));
  if (volume !== undefined) return `volume ${volume.containerPath} ${needs}`;
  if (spec.linux !== undefined || spec.docker !== undefined) return `isolation ${needs}`;
  return undefined;
}

const environmentOf = (spec: ContainerSpec, home: string | undefined) => ({
  PATH: defaultPath,
  ...(home !== undefined && { HOME: home }),
  ...spec.environment,
  MESOS_SANDBOX: spec.sandboxPath,
});

async function accountOf({ user }: ContainerSpec): Promise<Account | undefined> {
  if (user === undefined) return undefined;
  const [passwd, group] = await Promise.all(
    ['/etc/passwd', '/etc/group'].map((file) => readFile(file, 'utf8')),
  );
  return findAccount(user, passwd ?? '', group ?? '');
}

export class ProcessRuntime implements Runtime {
  readonly name = 'process';
  readonly #folders: ContainerFolders;
  readonly #exits: ExitFolder;
  readonly #output: OutputWatch;
  readonly #sessions = new Sessions();
  readonly #listeners: ExitListener[] = [];

  constructor(options: ProcessRuntimeOptions) {
    this.#folders = new ContainerFolders(join(options.stateFolder, 'containers'));
    const clock = options.clock ?? systemClock;
    this.#output = new OutputWatch({ rotation: options.rotation ?? {}, clock });
    this.#exits = new ExitFolder({
      path: join(options.stateFolder, 'exits'),
      clock,
      onExit: (containerId, exitCode) => {
        this.#output.remove(containerId);
        for (const listener of this.#listeners) listener(containerId, { exitCode, outOfMemory: false });
      },
    });
  }

  refuses(spec: ContainerSpec): string | undefined {
    return processProblem(spec);
  }

  async create(spec: ContainerSpec): Promise<void> {
    await this.#exits.open();
    await this.#folders.create(spec);
    await linkVolumes(spec);
  }

  async start(spec: ContainerSpec): Promise<ContainerStatus> {
    const { containerId, sandboxPath } = spec;
    const account = await accountOf(spec);
    const owner = account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const exitFile = await open(this.#exits.fileOf(containerId), 'w');
    const output = await openOutput(sandboxPath, owner);
    try {
      const child = spawn('/bin/sh', ['-c', wrapper, 'sh', ...argvOf(spec.command)], {
        cwd: sandboxPath,
        env: environmentOf(spec, account?.home),
        stdio: ['ignore', output[0].fd, output[1].fd, exitFile.fd],
        detached: true,
        ...(account !== undefined && { uid: account.uid, gid: account.gid }),
      });
      child.unref();
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      const status: ContainerStatus = {
        containerId,
        runtime: 'process',
        pid,
        hostNetwork: true,
        ipAddresses: [],
      };
      const identity = (await identify(pid)) ?? { pid, startTicks: '', bootId: '' };
      await this.#folders.recordStart(containerId, { status, identity });
      this.#output.add(containerId, sandboxPath);
      this.#exits.expect(containerId, identity);
      return status;
    } catch (cause) {
      throw new AgentError('LaunchFailed', `container ${containerId}: ${(cause as Error).message}`, {
        cause,
      });
    } finally {
      for (const file of [exitFile, ...output]) await file.close();
    }
  }

  /** To all of the session but the shell that waits for the exit code. */
  async signal(containerId: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const started = await this.#folders.startOf(containerId);
    if (started === undefined) return;
    const { pid: shell } = started.identity;
    for (const { pid } of await this.#sessions.processesOf(shell)) {
      if (pid !== shell) signalIfThere(pid, signal);
    }
  }

  async usage(containerId: string): Promise<ResourceUsage> {
    const started = await this.#folders.startOf(containerId);
    const processes = await this.#sessions.processesOf(started?.identity.pid ?? -1);
    const sum = (field: number) => processes.reduce((total, { fields }) => total + Number(fields[field]), 0);
    return {
      cpuUserS: sum(11) / ticksPerS,
      cpuSystemS: sum(12) / ticksPerS,
      memRssBytes: sum(21) * pageBytes,
      processes: processes.length,
    };
  }

  async exec(
    containerId: string,
    { argv, environment, user, tty, windowSize, signal }: ExecOptions,
  ): Promise<ExecSession> {
    const spec = await this.#folders.specOf(containerId);
    if (spec === undefined) throw new AgentError('NoSuchContainer', `there is no container ${containerId}`);
    const account = await accountOf(user === undefined ? spec : { ...spec, user });
    return await spawnExec({
      ...{ argv, tty, windowSize },
      environment: { ...environmentOf(spec, account?.home), ...environment },
      cwd: spec.sandboxPath,
      ...(account !== undefined && { uid: account.uid, gid: account.gid }),
      signal,
    });
  }

  async remove(containerId: string): Promise<void> {
    await this.signal(containerId, 'SIGKILL');
    await rm(this.#folders.of(containerId), { recursive: true, force: true });
    await this.#exits.forget(containerId);
  }

  async recover(): Promise<Recovered[]> {
    await this.#exits.open();
    const found: Recovered[] = [];
    for (const containerId of await this.#folders.list()) {
      const none = () => Promise.resolve(false);
      const one = await this.#folders.recover(containerId, () => this.#exits.codeOf(containerId), none);
      found.push(one);
      const spec = await this.#folders.specOf(containerId);
      const started = await this.#folders.startOf(containerId);
      if (one.state !== 'running' || spec === undefined || started === undefined) continue;
      this.#output.add(containerId, spec.sandboxPath);
      this.#exits.expect(containerId, started.identity);
    }
    return found;
  }

  onExit(listener: ExitListener): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#exits.close();
    this.#output.close();
  }
}
