/** Containers of an OCI runtime, each watched by a conmon; no daemon, and nothing of ours lives as long as a task. */
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { type Account, findAccount, rootAccount } from '../container/account.ts';
import { type BandwidthLimits, limitBandwidth } from '../container/bandwidth-limit.ts';
import {
  type CgroupPaths,
  chooseHierarchies,
  hierarchiesOf,
  type ResourceUsage,
  readOomKills,
  readUsage,
} from '../container/cgroup-usage.ts';
import { ContainerFolders, writeWhole } from '../container/container-folder.ts';
import { ExitFolder } from '../container/exit-folder.ts';
import { LaunchGate } from '../container/launch-gate.ts';
import { identify } from '../container/process-identity.ts';
import { readIfThere } from '../container/read-if-there.ts';
import { runProgram } from '../container/run-program.ts';
import type {
  ContainerStatus,
  ExecOptions,
  ExecSession,
  ExitListener,
  Recovered,
  Runtime,
} from '../container/runtime.ts';
import { spawnExec } from '../container/spawn-exec.ts';
import type { ContainerSpec } from '../container/spec.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { inImage } from '../image/image-config.ts';
import type { ImageGate } from '../image/image-gate.ts';
import { ImageStore, type ImageStoreOptions } from '../image/store.ts';
import type { RotationOptions } from '../sandbox/rotating-log.ts';
import { OutputWatch } from '../sandbox/shorten-output.ts';
import { bundleConfig, type HostFacts, nativeProblem } from './bundle.ts';
import { Cni, type CniOptions } from './cni.ts';
import { createUnderConmon } from './conmon.ts';
import { writeExecProcess } from './exec-process.ts';
import { endMakers, removeCgroups } from './half-made.ts';
import { findOciRuntime, readHostFacts } from './host-facts.ts';
import {
  type ContainerNetworkNamespace,
  joinNetwork,
  leaveNetwork,
  type NetworksOptions,
  needsNetwork,
} from './network.ts';
import { prepareRoot, readWithin, removeRoot } from './root-filesystem.ts';
import { readSeccompProfile, type SeccompProfiles } from './seccomp-folder.ts';
import { SharedNetworks } from './shared-networks.ts';

export interface NativeRuntimeOptions {
  /** Bundles, exit codes and the runtime's state. On a file system that outlives the agent, not the machine. */
  stateFolder: string;
  /** runc or crun; default what is installed. */
  runcPath?: string;
  /** Default `/usr/bin/conmon`. */
  conmonPath?: string;
  /** Parent of the containers' cgroups in each hierarchy; default `/orchestrator`. */
  cgroupRoot?: string;
  cni?: CniOptions;
  /** Images for containers of the type MESOS; default none. */
  images?: Omit<ImageStoreOptions, 'clock'> | undefined;
  /** Judges images before their containers start; default all are fine. */
  imageGate?: ImageGate | undefined;
  /** The CNI network that `bridge` stands for; default `bridge`. */
  bridgeName?: string;
  /** CPU quotas also for containers without a limit of their own. Default false. */
  enforceCpuQuota?: boolean;
  /** Default none. */
  bandwidth?: BandwidthLimits;
  /** Filters of system calls that the operator has written; default the agent's own list alone. */
  seccomp?: SeccompProfiles | undefined;
  /** Of `stdout` and `stderr` in the sandbox. */
  rotation?: RotationOptions;
  /** Containers made or started at a time; default the number of processors, 2 at least. */
  launchConcurrency?: number;
  clock?: Clock;
}

/** What is missing on this machine for native containers; undefined when nothing is. */
export function nativeMissing(
  options: Pick<NativeRuntimeOptions, 'runcPath' | 'conmonPath'> = {},
): string | undefined {
  const { runcPath = defaultRunc(), conmonPath = defaultConmon } = options;
  const missing = [runcPath, conmonPath].filter((path) => !existsSync(path));
  return missing.length === 0 ? undefined : `there is no ${missing.join(' and no ')}`;
}

/** Named when there is none, so that it is known what to install. */
const defaultRunc = () => findOciRuntime() ?? '/usr/sbin/runc';
const defaultConmon = '/usr/bin/conmon';

interface Made {
  pid: number;
  hostNetwork: boolean;
  ipAddresses: readonly string[];
}

export class NativeRuntime implements Runtime {
  readonly name = 'native';
  readonly #options: NativeRuntimeOptions;
  readonly #clock: Clock;
  readonly #runc: string;
  readonly #runcRoot: string;
  readonly #cni: Cni;
  readonly #networks: NetworksOptions;
  readonly #shared: SharedNetworks;
  readonly #images: ImageStore | undefined;
  readonly #folders: ContainerFolders;
  readonly #exits: ExitFolder;
  readonly #output: OutputWatch;
  readonly #made = new Map<string, Made>();
  readonly #cgroups = new Map<string, CgroupPaths>();
  readonly #listeners: ExitListener[] = [];
  readonly #gate: LaunchGate;
  #facts: Promise<HostFacts> | undefined;

  constructor(options: NativeRuntimeOptions) {
    this.#options = options;
    this.#gate = new LaunchGate(options.launchConcurrency);
    this.#runc = options.runcPath ?? defaultRunc();
    this.#runcRoot = join(options.stateFolder, 'runc');
    this.#cni = new Cni(options.cni);
    this.#folders = new ContainerFolders(join(options.stateFolder, 'containers'));
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    this.#networks = { cni: this.#cni, bridgeName: options.bridgeName ?? 'bridge' };
    this.#shared = new SharedNetworks({
      ...this.#networks,
      ...{ clock, folder: join(options.stateFolder, 'networks') },
      members: (owner) => this.#withNetworkOf(owner),
    });
    this.#images = options.images && new ImageStore({ ...options.images, clock });
    this.#output = new OutputWatch({ rotation: options.rotation ?? {}, clock });
    this.#exits = new ExitFolder({
      path: join(options.stateFolder, 'exits'),
      clock,
      onExit: (containerId, exitCode) => this.#onExit(containerId, exitCode),
    });
  }

  refuses(spec: ContainerSpec): string | undefined {
    return nativeProblem(spec, this.#images !== undefined);
  }

  async create(spec: ContainerSpec, signal: AbortSignal): Promise<void> {
    if (spec.image === undefined || this.#images === undefined)
      return await this.#gate.run('create', () => this.#make(spec, signal));
    const image = await this.#images.get(spec.image, () => this.#usedRoots(), signal);
    try {
      await this.#options.imageGate?.admit({ name: spec.image.name, ...image });
      signal.throwIfAborted();
      await this.#gate.run('create', () => this.#make(inImage(spec, image), signal));
    } finally {
      image.release();
    }
  }

  /** Root file systems that containers have, whether they run or not. */
  async #usedRoots(): Promise<Set<string>> {
    const ids = await this.#folders.list();
    const specs = await Promise.all(ids.map((containerId) => this.#folders.specOf(containerId)));
    return new Set(specs.flatMap((spec) => spec?.linux?.rootfs?.path ?? []));
  }

  async pruneImages(excluded: readonly string[]): Promise<void> {
    await this.#images?.prune(excluded, () => this.#usedRoots());
  }

  async start({ containerId, sandboxPath }: ContainerSpec): Promise<ContainerStatus> {
    const made = this.#made.get(containerId);
    if (made === undefined) throw new AgentError('LaunchFailed', `container ${containerId} was not made`);
    this.#made.delete(containerId);
    const { pid } = made;
    // While it waits, since it may be gone as soon as it runs.
    const identity = await identify(pid);
    if (identity === undefined)
      throw new AgentError('LaunchFailed', `container ${containerId} ended before its start`);
    await this.#gate.run('start', () => this.#runRunc('start', containerId));
    const status: ContainerStatus = { containerId, runtime: 'native', ...made };
    await this.#folders.recordStart(containerId, { status, identity });
    this.#output.add(containerId, sandboxPath);
    this.#exits.expect(containerId, identity);
    return status;
  }

  async signal(containerId: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const all = signal === 'SIGKILL' ? ['--all'] : [];
    await this.#runRunc('kill', ...all, containerId, signal).catch((error) => {
      // It has ended meanwhile, which is what was wanted.
      if (!/not running|already finished|does not exist|no such (process|file)/i.test(reasonOf(error)))
        throw error;
    });
  }

  async usage(containerId: string): Promise<ResourceUsage> {
    return await readUsage(await this.#cgroupsOf(containerId));
  }

  async exec(containerId: string, options: ExecOptions): Promise<ExecSession> {
    const folder = this.#folders.of(containerId);
    const spec = await this.#folders.specOf(containerId);
    if (spec === undefined) throw new AgentError('NoSuchContainer', `there is no container ${containerId}`);
    const { user, tty, windowSize, signal } = options;
    const account = user === undefined ? undefined : await this.#accountOf({ ...spec, user }, folder);
    const file = await writeExecProcess(folder, options, account);
    const pidFile = `${file}.pid`;
    const session = await spawnExec({
      argv: [
        ...[this.#runc, '--root', this.#runcRoot, 'exec'],
        ...['--process', file, '--pid-file', pidFile, containerId],
      ],
      ...{ tty, windowSize, signal },
      // Its first process; runc stays beside it.
      pidOf: async () => Number(await readIfThere(pidFile)) || undefined,
    });
    const tidy = () => Promise.all([file, pidFile].map((path) => rm(path, { force: true })));
    session.exit.then(tidy, tidy);
    return session;
  }

  async remove(containerId: string): Promise<void> {
    this.#made.delete(containerId);
    const folder = this.#folders.of(containerId);
    const wasStarted = (await this.#folders.startOf(containerId)) !== undefined;
    if (!wasStarted) await endMakers(containerId, folder, this.#clock);
    await this.#runRunc('delete', '--force', containerId).catch((error) => {
      if (!/does not exist/.test(reasonOf(error))) throw error;
    });
    const cgroupPath = wasStarted ? undefined : await this.#cgroupPathOf(containerId);
    if (cgroupPath !== undefined) await removeCgroups(cgroupPath, this.#clock);
    await leaveNetwork(containerId, folder, this.#cni);
    const owner = (await this.#folders.specOf(containerId))?.networkOf;
    if (owner !== undefined) await this.#shared.leave(owner, containerId);
    await removeRoot(folder);
    await this.#exits.forget(containerId);
    this.#cgroups.delete(containerId);
  }

  async recover(): Promise<Recovered[]> {
    await this.#exits.open();
    await this.#shared.sweep();
    const found = await Promise.all(
      (await this.#folders.list()).map((containerId) => this.#recoverOne(containerId)),
    );
    for (const one of found) if (one.state === 'running') await this.#watchAgain(one.containerId);
    return found;
  }

  onExit(listener: ExitListener): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#exits.close();
    this.#output.close();
  }

  async #make(spec: ContainerSpec, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { containerId, sandboxPath } = spec;
    await this.#exits.open();
    const folder = await this.#folders.create(spec);
    await makeSandboxFolders(spec);
    await prepareRoot(folder, spec.linux?.rootfs?.path);
    const account = await this.#accountOf(spec, folder);
    // The sandbox is of whom the image names, whom nobody knew when it was made.
    if (spec.image !== undefined && account.uid !== 0) await chown(sandboxPath, account.uid, account.gid);
    const network = await this.#joinNetwork(spec, folder);
    const { bandwidth } = this.#options;
    if (network !== undefined && bandwidth !== undefined) await limitBandwidth(network.path, bandwidth);
    this.#facts ??= readHostFacts();
    const config = bundleConfig(withAddress(spec, network), {
      host: await this.#facts,
      account,
      cgroupsPath: `${this.#options.cgroupRoot ?? '/orchestrator'}/${containerId}`,
      networkNamespace: network?.path,
      enforceCpuQuota: this.#options.enforceCpuQuota ?? false,
      seccompProfile: await readSeccompProfile(spec, this.#options.seccomp),
    });
    await writeWhole(join(folder, 'config.json'), JSON.stringify(config));
    signal.throwIfAborted();
    const pid = await createUnderConmon({
      conmonPath: this.#options.conmonPath ?? defaultConmon,
      runcPath: this.#runc,
      runcRoot: this.#runcRoot,
      containerId,
      bundle: folder,
      exitFolder: join(this.#options.stateFolder, 'exits'),
      sandboxPath,
      owner: account,
    });
    const hostNetwork = (spec.network?.mode ?? 'host') === 'host';
    this.#made.set(containerId, { pid, hostNetwork, ipAddresses: network?.ipAddresses ?? [] });
  }

  async #joinNetwork(spec: ContainerSpec, folder: string): Promise<ContainerNetworkNamespace | undefined> {
    if (!needsNetwork(spec)) return undefined;
    if (spec.networkOf !== undefined) return await this.#shared.join(spec.networkOf, spec);
    return await joinNetwork(spec, folder, this.#networks);
  }

  async #withNetworkOf(owner: string): Promise<string[]> {
    const ids = await this.#folders.list();
    const specs = await Promise.all(ids.map((containerId) => this.#folders.specOf(containerId)));
    return ids.filter((_, index) => specs[index]?.networkOf === owner);
  }

  async #recoverOne(containerId: string): Promise<Recovered> {
    return await this.#folders.recover(
      containerId,
      () => this.#exits.codeOf(containerId),
      () => this.#wasOutOfMemory(containerId),
    );
  }

  async #watchAgain(containerId: string): Promise<void> {
    const [spec, started] = await Promise.all([
      this.#folders.specOf(containerId),
      this.#folders.startOf(containerId),
    ]);
    if (spec !== undefined) this.#output.add(containerId, spec.sandboxPath);
    if (started !== undefined) this.#exits.expect(containerId, started.identity);
  }

  #onExit(containerId: string, exitCode: number | undefined): void {
    this.#output.remove(containerId);
    const tell = (outOfMemory: boolean) => {
      for (const listener of this.#listeners) listener(containerId, { exitCode, outOfMemory });
    };
    // Whatever is unreadable, that it has ended is to be told.
    this.#wasOutOfMemory(containerId).then(tell, () => tell(false));
  }

  async #wasOutOfMemory(containerId: string): Promise<boolean> {
    return (await readOomKills(await this.#cgroupsOf(containerId))) > 0;
  }

  /** Within each hierarchy, as it was when the container was made; undefined when it never came to that. */
  async #cgroupPathOf(containerId: string): Promise<string | undefined> {
    const text = await readIfThere(join(this.#folders.of(containerId), 'config.json'));
    if (text === undefined) return undefined;
    return (JSON.parse(text) as { linux: { cgroupsPath: string } }).linux.cgroupsPath;
  }

  /** The paths outlive the processes, until the container is removed. Runtimes agree on nothing else that tells of them. */
  async #cgroupsOf(containerId: string): Promise<CgroupPaths> {
    const known = this.#cgroups.get(containerId);
    if (known !== undefined) return known;
    const path = await this.#cgroupPathOf(containerId);
    if (path === undefined) return new Map();
    const hierarchies = hierarchiesOf(await readFile('/proc/self/mountinfo', 'utf8'));
    const paths = new Map([...hierarchies].map(([name, top]) => [name, join(top, path)]));
    const chosen = chooseHierarchies(paths);
    this.#cgroups.set(containerId, chosen);
    return chosen;
  }

  async #accountOf(spec: ContainerSpec, folder: string): Promise<Account> {
    if (spec.user === undefined) return rootAccount;
    const root = spec.linux?.rootfs === undefined ? '/' : join(folder, 'rootfs');
    const [passwd, group] = await Promise.all(
      ['etc/passwd', 'etc/group'].map((name) => readWithin(root, name)),
    );
    return findAccount(spec.user, passwd ?? '', group ?? '');
  }

  #runRunc(...words: string[]): Promise<string> {
    return runProgram(this.#runc, ['--root', this.#runcRoot, ...words]);
  }
}

/** As Mesos tells tasks of a group where they are. */
function withAddress(spec: ContainerSpec, network: ContainerNetworkNamespace | undefined): ContainerSpec {
  const [address] = network?.ipAddresses ?? [];
  if (address === undefined) return spec;
  return { ...spec, environment: { ...spec.environment, MESOS_CONTAINER_IP: address } };
}

/** Folders of the sandbox that are mounted elsewhere too. */
async function makeSandboxFolders({ volumes = [], sandboxPath }: ContainerSpec): Promise<void> {
  for (const volume of volumes) {
    if (volume.source === 'sandbox') await mkdir(join(sandboxPath, volume.path), { recursive: true });
  }
}
