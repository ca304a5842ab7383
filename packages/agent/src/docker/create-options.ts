/** From a specification to the body of the Engine's create call. Pure. */
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import { type ContainerSpec, type PortMapping, sandboxMountPath, type Volume } from '../container/spec.ts';
import { applyParameters } from './parameters.ts';

/** By which an agent finds its containers again. */
export const containerLabel = 'orchestrator.container-id';
export const agentLabel = 'orchestrator.agent';
export const sandboxLabel = 'orchestrator.sandbox';

export interface CreateSettings {
  /** Value of `agentLabel`: agents that share an Engine do not touch each other's containers. */
  agentName: string;
  /** CPU quotas also for containers without a limit of their own (Mesos' `--cgroups_enable_cfs`). */
  enforceCpuQuota: boolean;
  /** What the Engine keeps of a log: as much as a container may write while no agent reads it. */
  logMaxBytes: number;
}

/** As Mesos names them. */
export const containerName = (containerId: string) => `mesos-${containerId}`;

const sharesPerCpu = 1024;
const smallestShares = 2;
/** As Mesos: what is less is not enough for the runtime itself to start. */
const smallestMemBytes = 32 * 2 ** 20;
const quotaPeriodUs = 100_000;
const smallestQuotaUs = 1_000;
const logFiles = 4;

function cpuLimitOf({ resources }: ContainerSpec, enforce: boolean): number | undefined {
  const limit = resources.cpusLimit ?? (enforce ? resources.cpus : Number.POSITIVE_INFINITY);
  return Number.isFinite(limit) && limit > 0 ? limit : undefined;
}

function resourcesOf(spec: ContainerSpec, { enforceCpuQuota }: CreateSettings): HostConfig {
  const { cpus, memBytes, memLimitBytes = memBytes, cpuset } = spec.resources;
  const cpuLimit = cpuLimitOf(spec, enforceCpuQuota);
  const memory = Math.max(memLimitBytes, smallestMemBytes);
  return {
    CpuShares: Math.max(smallestShares, Math.round(cpus * sharesPerCpu)),
    ...(cpuLimit !== undefined && {
      CpuPeriod: quotaPeriodUs,
      CpuQuota: Math.max(smallestQuotaUs, Math.round(cpuLimit * quotaPeriodUs)),
    }),
    ...(cpuset !== undefined && { CpusetCpus: cpuset }),
    // The same for memory with swap: a limit is a limit. A reservation keeps the request when the limit is higher.
    ...(Number.isFinite(memory) && memBytes > 0 && { Memory: memory, MemorySwap: memory }),
    ...(memLimitBytes > memBytes &&
      memBytes > 0 && { MemoryReservation: Math.max(memBytes, smallestMemBytes) }),
  };
}

function commandOf({ command }: ContainerSpec): Pick<ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  if (command.shell) return { Entrypoint: ['/bin/sh', '-c'], Cmd: [command.value ?? ''] };
  const words = [...(command.value === undefined ? [] : [command.value]), ...(command.arguments ?? [])];
  return words.length === 0 ? {} : { Cmd: words };
}

type DriverVolume = Extract<Volume, { source: 'driver' }>;

const insideOf = ({ containerPath }: Volume) =>
  containerPath.startsWith('/') ? containerPath : `${sandboxMountPath}/${containerPath}`;

/** `hostPath:containerPath:mode` */
function bindOf(volume: Exclude<Volume, DriverVolume>, { sandboxPath }: ContainerSpec): string {
  const outside = volume.source === 'host' ? volume.hostPath : `${sandboxPath}/${volume.path}`;
  return `${outside}:${insideOf(volume)}:${volume.readOnly === true ? 'ro' : 'rw'}`;
}

/** The Engine makes the volume with the driver when there is none of that name. */
function mountOf(volume: DriverVolume): MountSettings {
  return {
    Type: 'volume',
    Source: volume.name,
    Target: insideOf(volume),
    ReadOnly: volume.readOnly ?? false,
    VolumeOptions: {
      NoCopy: false,
      Labels: {},
      DriverConfig: { Name: volume.driver, Options: { ...volume.driverOptions } },
    },
  };
}

const isDriverVolume = (volume: Volume): volume is DriverVolume => volume.source === 'driver';
const bindsOf = (spec: ContainerSpec) =>
  (spec.volumes ?? []).filter((volume) => !isDriverVolume(volume)).map((volume) => bindOf(volume, spec));
const mountsOf = (spec: ContainerSpec) => (spec.volumes ?? []).filter(isDriverVolume).map(mountOf);

function networkModeOf({ network = { mode: 'host' } }: ContainerSpec): string {
  return network.mode === 'named' ? network.name : network.mode;
}

const portKey = ({ containerPort, protocol }: PortMapping) => `${containerPort}/${protocol}`;

function portsOf(mappings: readonly PortMapping[]): Pick<HostConfig, 'PortBindings'> {
  const bindings: Record<string, { HostPort: string }[]> = {};
  for (const mapping of mappings) {
    bindings[portKey(mapping)] ??= [];
    bindings[portKey(mapping)]?.push({ HostPort: `${mapping.hostPort}` });
  }
  return { PortBindings: bindings };
}

/** Why Docker cannot run it; undefined when it can. */
export function dockerProblem(spec: ContainerSpec): string | undefined {
  if (spec.image === undefined) return 'a Docker container needs an image';
  if (spec.networkOf !== undefined)
    return 'tasks of a group that share a network need the native containerizer';
  const mode = spec.network?.mode ?? 'host';
  if ((spec.portMappings ?? []).length > 0 && (mode === 'host' || mode === 'none')) {
    return `port mappings need a network of the container's own, not ${mode}`;
  }
  const colon = bindsOf(spec).find((bind) => bind.split(':').length !== 3);
  if (colon !== undefined) return `volume ${colon} has a colon in a path, which Docker cannot express`;
  return applyParameters({}, spec.docker?.parameters ?? []).problem;
}

/** The body of `POST /containers/create`. The specification has no `dockerProblem`. */
export function createOptions(spec: ContainerSpec, settings: CreateSettings): ContainerCreateOptions {
  const mappings = spec.portMappings ?? [];
  const environment = {
    ...spec.environment,
    MESOS_SANDBOX: sandboxMountPath,
    MESOS_CONTAINER_NAME: containerName(spec.containerId),
  };
  const options: ContainerCreateOptions = {
    name: containerName(spec.containerId),
    Image: spec.image?.name ?? '',
    ...commandOf(spec),
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...(spec.user !== undefined && { User: spec.user }),
    ...(spec.hostname !== undefined && { Hostname: spec.hostname }),
    ...(mappings.length > 0 && {
      ExposedPorts: Object.fromEntries(mappings.map((one) => [portKey(one), {}])),
    }),
    Labels: {
      ...spec.labels,
      [containerLabel]: spec.containerId,
      [agentLabel]: settings.agentName,
      [sandboxLabel]: spec.sandboxPath,
    },
    HostConfig: {
      ...resourcesOf(spec, settings),
      NetworkMode: networkModeOf(spec),
      ...(mappings.length > 0 && portsOf(mappings)),
      Binds: [`${spec.sandboxPath}:${sandboxMountPath}:rw`, ...bindsOf(spec)],
      ...(mountsOf(spec).length > 0 && { Mounts: mountsOf(spec) }),
      ...(spec.docker?.privileged === true && { Privileged: true }),
      LogConfig: {
        Type: 'json-file',
        Config: { 'max-size': `${Math.ceil(settings.logMaxBytes / logFiles)}`, 'max-file': `${logFiles}` },
      },
    },
  };
  return applyParameters(options, spec.docker?.parameters ?? []).options;
}
