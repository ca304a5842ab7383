/** Sandboxes, fetching, containers and checks, as the core orders them; tells it what becomes of them. */
import { chown, mkdir, readFile, rm } from 'node:fs/promises';
import type { TaskInfoValid } from '@orchestrator/mesos';
import type { Logger } from '@orchestrator/runtime';
import { CheckRunner } from '../checks/runner.ts';
import { findAccount } from '../container/account.ts';
import type { Containerizer } from '../container/containerizer.ts';
import { executorEnvironment } from '../container/environment.ts';
import type { AgentEvent } from '../core/events.ts';
import type { PersistentVolume } from '../core/records.ts';
import type { Action, LaunchOrder } from '../core/turn.ts';
import { AgentError, reasonOf } from '../errors.ts';
import type { Fetcher } from '../fetcher/fetcher.ts';
import {
  containerSpec,
  persistentVolumePath,
  persistentVolumePaths,
  roleOf,
  sandboxFoldersOf,
  urisOf,
  userOf,
} from '../launch/container-spec.ts';
import { checkOf, healthCheckOf } from '../launch/task-checks.ts';
import type { SandboxCollector } from '../sandbox/collector.ts';
import { createSandbox, taskSandbox } from '../sandbox/layout.ts';

export interface TaskRunnerOptions {
  workDir: string;
  switchUser: boolean;
  allowPrivileged: boolean;
  /** How long executors wait for an agent that is away. */
  recoveryTimeoutMs: number;
  /** `slave(1)@ip:port` */
  pid: string;
  ip: string;
  port: number;
  agentId: () => string;
  /** For executors and tasks, beside what Mesos documents. */
  variables: Readonly<Record<string, string>>;
  /** For custom executors alone: how they speak with this agent. */
  tlsVariables: Readonly<Record<string, string>>;
  containerizer: Containerizer;
  fetcher: Fetcher;
  collector: SandboxCollector;
  logger: Logger;
  tell: (event: AgentEvent) => void;
}

type Owner = { uid: number; gid: number };

async function ownerOf(user: string): Promise<Owner> {
  const [passwd, group] = await Promise.all([
    readFile('/etc/passwd', 'utf8'),
    readFile('/etc/group', 'utf8'),
  ]);
  const { uid, gid } = findAccount(user, passwd, group);
  return { uid, gid };
}

/** Volumes are of whoever uses them last. */
async function chownVolumes(order: LaunchOrder, workDir: string, { uid, gid }: Owner): Promise<void> {
  for (const path of persistentVolumePaths(order, workDir)) await chown(path, uid, gid);
}

async function makeFolders(paths: readonly string[], owner: Owner | undefined): Promise<void> {
  for (const path of paths) {
    const made = await mkdir(path, { recursive: true });
    if (owner !== undefined && made !== undefined) await chown(path, owner.uid, owner.gid);
  }
}

export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  /** Of executors, by their container. */
  readonly #sandboxes = new Map<string, string>();
  readonly #makingSandbox = new Map<string, Promise<string>>();
  /** Launches that have not come to their container yet. */
  readonly #preparing = new Map<string, AbortController>();
  readonly #checks = new Map<string, CheckRunner[]>();
  /** Containers that end because they had too much on the disk, and what is said of it. */
  readonly #overDisk = new Map<string, string>();

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  sandboxOf(executorContainerId: string): string | undefined {
    return this.#sandboxes.get(executorContainerId);
  }

  /** Of an executor from before this process. */
  noteSandbox(executorContainerId: string, path: string): void {
    this.#sandboxes.set(executorContainerId, path);
  }

  launch(order: LaunchOrder): void {
    const { containerId } = order;
    const controller = new AbortController();
    this.#preparing.set(containerId, controller);
    this.#launch(order, controller.signal).catch((error: unknown) => {
      const isKilled = controller.signal.aborted || (error instanceof AgentError && error.code === 'Killed');
      const reason = isKilled ? 'killed' : 'launchFailed';
      this.#preparing.delete(containerId);
      const termination = { reason, exitCode: undefined, message: reasonOf(error) } as const;
      this.#options.tell({ type: 'terminated', containerId, termination });
    });
  }

  async #launch(order: LaunchOrder, signal: AbortSignal): Promise<void> {
    const { containerizer, fetcher, workDir, switchUser, allowPrivileged, tell } = this.#options;
    const { containerId } = order;
    const user = userOf(order);
    const owner = switchUser && user !== undefined ? await ownerOf(user) : undefined;
    const sandboxPath = await this.#taskSandbox(order, owner);
    await fetcher.fetch(urisOf(order), sandboxPath, { signal, ...(owner && { owner }) });
    signal.throwIfAborted();
    if (owner !== undefined) await chownVolumes(order, workDir, owner);
    const executorSandbox = this.sandboxOf(order.executorContainerId);
    const parentSandboxPath = executorSandbox === sandboxPath ? undefined : executorSandbox;
    const environment = this.#environment(order, sandboxPath);
    const place = { sandboxPath, parentSandboxPath, workDir, environment, switchUser, allowPrivileged };
    const spec = containerSpec(order, place);
    await makeFolders(sandboxFoldersOf(spec, parentSandboxPath), owner);
    signal.throwIfAborted();
    const launched = containerizer.launch(spec);
    // From here on the containerizer knows it, and kills are its own.
    this.#preparing.delete(containerId);
    const status = await launched;
    tell({ type: 'launched', containerId, status });
    this.#waitFor(containerId);
  }

  #environment(order: LaunchOrder, sandboxPath: string): Record<string, string> {
    const { pid, ip, port, agentId, recoveryTimeoutMs, variables, tlsVariables } = this.#options;
    const grace = order.executor.shutdownGracePeriod;
    const documented = executorEnvironment({
      ...{ frameworkId: order.frameworkId, executorId: order.executorId, agentId: agentId() },
      ...{ agentPid: pid, agentIp: ip, agentEndpoint: `${ip}:${port}`, sandboxPath },
      ...{ checkpoint: order.framework.checkpoint, recoveryTimeoutMs },
      ...(grace !== undefined && { shutdownGracePeriodMs: Number(grace.nanoseconds) / 1e6 }),
      allocationRole: roleOf(order),
    });
    // Where its own network, if it is to have one, says another.
    const isOfGroup = order.task !== undefined && order.executorContainerId !== order.containerId;
    return {
      ...(order.task === undefined && tlsVariables),
      ...variables,
      ...documented,
      ...(isOfGroup && { MESOS_CONTAINER_IP: ip }),
    };
  }

  /** Tasks of a group have folders within the sandbox of their executor. */
  async #taskSandbox(order: LaunchOrder, owner: Owner | undefined): Promise<string> {
    const { executorContainerId, containerId, task } = order;
    const sandbox = await this.#sandbox(order, owner);
    if (executorContainerId === containerId || task === undefined) return sandbox;
    const path = taskSandbox(sandbox, task.taskId.value);
    await mkdir(path, { recursive: true });
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
    return path;
  }

  #sandbox(order: LaunchOrder, owner: Owner | undefined): Promise<string> {
    const { frameworkId, executorId, executorContainerId: containerId } = order;
    const known = this.#sandboxes.get(containerId);
    if (known !== undefined) return Promise.resolve(known);
    let making = this.#makingSandbox.get(containerId);
    if (making === undefined) {
      const ids = { agentId: this.#options.agentId(), frameworkId, executorId, containerId };
      making = createSandbox(this.#options.workDir, ids, owner)
        .then((path) => {
          this.#sandboxes.set(containerId, path);
          return path;
        })
        .finally(() => this.#makingSandbox.delete(containerId));
      this.#makingSandbox.set(containerId, making);
    }
    return making;
  }

  /** Tells of the end of a container that runs already. */
  adopt(containerId: string): void {
    this.#waitFor(containerId);
  }

  #waitFor(containerId: string): void {
    const { containerizer, tell, logger } = this.#options;
    containerizer.wait(containerId).then(
      (termination) => {
        this.#stopChecks(containerId);
        const message = this.#overDisk.get(containerId);
        this.#overDisk.delete(containerId);
        const isOver = message !== undefined && termination.reason === 'killed';
        const told = isOver ? { ...termination, reason: 'outOfDisk' as const, message } : termination;
        tell({ type: 'terminated', containerId, termination: told });
      },
      (error: unknown) => logger.error('the end of a container cannot be told', { containerId, error }),
    );
  }

  kill(containerId: string, graceMs: number): void {
    this.#stopChecks(containerId);
    const preparing = this.#preparing.get(containerId);
    if (preparing === undefined) this.#options.containerizer.kill(containerId, { graceMs });
    else preparing.abort(new AgentError('Killed', `container ${containerId} was killed before its start`));
  }

  /** Ends it at once, since it has more on the disk than it may. */
  endOverDisk(containerId: string, message: string): void {
    if (this.#overDisk.has(containerId)) return;
    this.#options.logger.warn('container over its disk quota', { containerId, message });
    this.#overDisk.set(containerId, message);
    this.kill(containerId, 0);
  }

  /** Removes what is left of it; its sandbox stays for a while. */
  release(containerId: string): void {
    const { containerizer, collector, logger } = this.#options;
    containerizer.destroy(containerId).catch((error: unknown) => {
      logger.error('a container could not be removed', { containerId, error });
    });
    const sandbox = this.#sandboxes.get(containerId);
    if (sandbox === undefined) return;
    this.#sandboxes.delete(containerId);
    collector.add(sandbox);
  }

  watch(containerId: string, { healthCheck, check }: TaskInfoValid): void {
    const { containerizer, tell } = this.#options;
    const target = { containerizer, containerId };
    const runners: CheckRunner[] = [];
    const health = healthCheck && healthCheckOf(healthCheck);
    if (health !== undefined) {
      const onHealth = ({ healthy, kill }: { healthy: boolean; kill: boolean }) =>
        tell({ type: 'health', containerId, healthy, kill });
      runners.push(new CheckRunner({ ...target, ...health, kind: 'health', onHealth }));
    }
    const general = check && checkOf(check);
    if (general !== undefined) {
      const onResult = (result: Extract<AgentEvent, { type: 'checked' }>['result']) =>
        tell({ type: 'checked', containerId, result });
      runners.push(new CheckRunner({ ...target, ...general, kind: 'check', onResult }));
    }
    if (runners.length > 0) this.#checks.set(containerId, runners);
  }

  #stopChecks(containerId: string): void {
    for (const runner of this.#checks.get(containerId) ?? []) runner.stop();
    this.#checks.delete(containerId);
  }

  /** Makes the folders of persistent volumes, and removes those of others with all that is in them. */
  async keepVolumes({ make, remove }: Extract<Action, { type: 'volumes' }>): Promise<void> {
    const { workDir, tell } = this.#options;
    const pathOf = ({ role, id }: PersistentVolume) => persistentVolumePath(workDir, role, id);
    for (const volume of make) await mkdir(pathOf(volume), { recursive: true });
    for (const volume of remove) await rm(pathOf(volume), { recursive: true, force: true });
    if (remove.length > 0) tell({ type: 'volumesRemoved', volumes: remove });
  }

  /** Containers go on. */
  async close(): Promise<void> {
    for (const containerId of [...this.#checks.keys()]) this.#stopChecks(containerId);
    await this.#options.containerizer.close();
  }
}
