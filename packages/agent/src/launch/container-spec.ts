/** From what a framework asks for to what a containerizer is given. Pure. */
import {
  type CommandInfoValid,
  ContainerInfo_DockerInfo_Network,
  ContainerInfo_Type,
  type ContainerInfoValid,
  type EnvironmentValid,
  type ResourceKind,
  Resources,
  type ResourceValid,
  Volume_Mode,
  Volume_Source_SandboxPath_Type,
  Volume_Source_Type,
  type VolumeValid,
} from '@orchestrator/mesos';
import type { Command, ContainerNetwork, ContainerSpec, PortMapping, Volume } from '../container/spec.ts';
import type { LaunchOrder } from '../core/turn.ts';
import { AgentError } from '../errors.ts';
import type { FetchUri } from '../fetcher/fetcher.ts';

import { linuxSettings, privilegeOf } from './linux-settings.ts';

const mebibyte = 2 ** 20;

/** The command of a task, or of the executor that is launched for it. */
export function commandOf({ task, executor }: LaunchOrder): CommandInfoValid | undefined {
  return task === undefined ? executor.command : task.command;
}

/** Ours: `https://host/file.tgz#sha256=…`, since a URI of Mesos has no field for it. */
const checksum = /#sha256=([0-9a-f]{64})$/i;

export function urisOf(order: LaunchOrder): FetchUri[] {
  return (commandOf(order)?.uris ?? []).map(({ value, executable, extract, cache, outputFile }) => {
    const sha256 = checksum.exec(value)?.[1];
    return {
      ...{ value: value.replace(checksum, ''), executable, extract, cache },
      ...(outputFile !== '' && { outputFile }),
      ...(sha256 !== undefined && { sha256 }),
    };
  });
}

/** Of whose resources it runs: they are all of one role. */
export function roleOf({ task, executor }: LaunchOrder): string | undefined {
  return (task?.resources ?? executor.resources)[0]?.allocationInfo?.role;
}

/** As who it runs; undefined: as the agent. */
export function userOf(order: LaunchOrder): string | undefined {
  return commandOf(order)?.user || order.executor.command?.user || order.framework.user || undefined;
}

/** Secrets by reference are resolved by nobody here: a task that needs one does not start without it. */
export function variablesOf(environment: EnvironmentValid | undefined): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { name, value, secret } of environment?.variables ?? []) {
    if (secret !== undefined && secret.value === undefined) {
      const message = `environment variable ${name} is a secret by reference; give its value`;
      throw new AgentError('InvalidContainer', message);
    }
    variables[name] = secret?.value === undefined ? value : Buffer.from(secret.value.data).toString();
  }
  return variables;
}

function commandFor(order: LaunchOrder): Command {
  const command = commandOf(order);
  if (command === undefined)
    throw new AgentError('InvalidContainer', `task ${order.executorId} has no command`);
  return commandWords(command);
}

/** Its words alone. */
export function commandWords({ shell, value, arguments: words }: CommandInfoValid): Command {
  return { shell, ...(value !== '' && { value }), arguments: words };
}

function networkOf({ docker, networkInfos }: ContainerInfoValid): ContainerNetwork | undefined {
  const named = networkInfos.find(({ name }) => name !== '')?.name;
  switch (docker?.network) {
    case ContainerInfo_DockerInfo_Network.BRIDGE:
      return { mode: 'bridge' };
    case ContainerInfo_DockerInfo_Network.NONE:
      return { mode: 'none' };
    case ContainerInfo_DockerInfo_Network.USER:
      return { mode: 'named', name: named ?? 'bridge' };
    default:
      return named === undefined || docker !== undefined ? undefined : { mode: 'named', name: named };
  }
}

const protocolOf = (text: string): 'tcp' | 'udp' => (text.toLowerCase() === 'udp' ? 'udp' : 'tcp');

function portsOf({ docker, networkInfos }: ContainerInfoValid): PortMapping[] {
  const mappings = docker?.portMappings ?? networkInfos.flatMap(({ portMappings }) => portMappings);
  return mappings.map(({ hostPort, containerPort, protocol }) => ({
    ...{ hostPort, containerPort, protocol: protocolOf(protocol) },
  }));
}

/** Below a sandbox, wherever that is. */
function withinSandbox(path: string): string {
  const isWithin = path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
  if (isWithin) return path;
  throw new AgentError(
    'InvalidContainer',
    `volume of the sandbox path "${path}": it leads out of the sandbox`,
  );
}

interface VolumePlace {
  /** The sandbox of the executor that tasks of a group are below; undefined for those of none. */
  parent: string | undefined;
  /** Of Docker: what old frameworks call by a relative path is a volume of it. */
  driver: string | undefined;
}

function volumeOf(
  { containerPath, hostPath, mode, source }: VolumeValid,
  { parent, driver: given }: VolumePlace,
): Volume {
  const shared = { containerPath, readOnly: mode === Volume_Mode.RO };
  if (source?.type === Volume_Source_Type.DOCKER_VOLUME && source.dockerVolume !== undefined) {
    const { driver, name, driverOptions } = source.dockerVolume;
    const options = (driverOptions?.parameter ?? []).map(({ key, value }) => [key, value]);
    return { ...shared, source: 'driver', driver, name, driverOptions: Object.fromEntries(options) };
  }
  if (source?.type === Volume_Source_Type.SANDBOX_PATH && source.sandboxPath !== undefined) {
    const path = withinSandbox(source.sandboxPath.path);
    if (source.sandboxPath.type !== Volume_Source_SandboxPath_Type.PARENT)
      return { ...shared, source: 'sandbox', path };
    if (parent !== undefined) return { ...shared, source: 'host', hostPath: `${parent}/${path}` };
    const message = `volume ${containerPath} is of the sandbox above, which only tasks of a group have`;
    throw new AgentError('InvalidContainer', message);
  }
  const path = source?.hostPath?.path ?? hostPath;
  if (path === '') {
    throw new AgentError('InvalidContainer', `volume ${containerPath}: this kind of source is not supported`);
  }
  if (given && source === undefined && !path.startsWith('/'))
    return { ...shared, source: 'driver', driver: given, name: path };
  return path.startsWith('/')
    ? { ...shared, source: 'host', hostPath: path }
    : { ...shared, source: 'sandbox', path: withinSandbox(path) };
}

/** Folders of sandboxes that a task has elsewhere too; to be there before it starts. */
export function sandboxFoldersOf({ volumes = [], sandboxPath }: ContainerSpec, parent: string | undefined) {
  return volumes.flatMap((volume) => {
    if (volume.source === 'sandbox') return [`${sandboxPath}/${volume.path}`];
    const isOfParent =
      volume.source === 'host' && parent !== undefined && volume.hostPath.startsWith(`${parent}/`);
    return isOfParent ? [volume.hostPath] : [];
  });
}

/** Where the data of a persistent volume is. */
export function persistentVolumePath(workDir: string, role: string, id: string): string {
  return `${workDir}/volumes/roles/${role.replaceAll('/', ' ')}/${id}`;
}

/** The same of a resource; undefined for one that is no persistent volume. */
export function persistentVolumePathOf({ disk, reservations }: ResourceKind, workDir: string) {
  if (disk?.persistence === undefined) return undefined;
  return persistentVolumePath(workDir, reservations.at(-1)?.role ?? '*', disk.persistence.id);
}

function persistentVolumes(resources: Resources, workDir: string): Volume[] {
  const volumes: Volume[] = [];
  for (const { kind } of resources) {
    const hostPath = persistentVolumePathOf(kind, workDir);
    const { volume } = kind.disk ?? {};
    if (hostPath === undefined || volume === undefined) continue;
    const { containerPath, mode } = volume;
    volumes.push({ containerPath, readOnly: mode === Volume_Mode.RO, source: 'host', hostPath });
  }
  return volumes;
}

/** Folders of the volumes that a task uses. */
export function persistentVolumePaths({ task, executor }: LaunchOrder, workDir: string): string[] {
  const volumes = persistentVolumes(Resources.from(task?.resources ?? executor.resources), workDir);
  return volumes.flatMap((volume) => (volume.source === 'host' ? [volume.hostPath] : []));
}

function imageOf(container: ContainerInfoValid): ContainerSpec['image'] {
  if (container.type === ContainerInfo_Type.DOCKER && container.docker !== undefined) {
    return { name: container.docker.image, forcePull: container.docker.forcePullImage };
  }
  const docker = container.mesos?.image?.docker;
  if (docker === undefined) return undefined;
  const config = docker.config?.value?.data;
  const pullConfig = config === undefined ? undefined : Buffer.from(config).toString();
  return {
    name: docker.name,
    forcePull: container.mesos?.image?.cached === false,
    ...(pullConfig && { pullConfig }),
  };
}

function containerFields(
  container: ContainerInfoValid | undefined,
  volumes: Volume[],
  parent?: string,
): Partial<ContainerSpec> {
  if (container === undefined) return volumes.length === 0 ? {} : { volumes };
  const image = imageOf(container);
  const network = networkOf(container);
  const portMappings = portsOf(container);
  const { docker, hostname } = container;
  const place = { parent, driver: docker?.volumeDriver };
  const all = [...container.volumes.map((volume) => volumeOf(volume, place)), ...volumes];
  const linux = docker === undefined ? linuxSettings(container) : undefined;
  return {
    ...(linux && { linux }),
    ...(image && { image }),
    ...(network && { network }),
    ...(portMappings.length > 0 && { portMappings }),
    ...(all.length > 0 && { volumes: all }),
    ...(hostname !== '' && { hostname }),
    ...(docker && { docker: { privileged: docker.privileged, parameters: docker.parameters } }),
  };
}

export interface SpecPlace {
  sandboxPath: string;
  /** Of the executor, for tasks of a group. */
  parentSandboxPath?: string | undefined;
  workDir: string;
  /** As `executorEnvironment` has it. */
  environment: Readonly<Record<string, string>>;
  /** Tasks run as whom they ask for; otherwise as the agent. */
  switchUser: boolean;
  /** What would have the whole machine is started too. */
  allowPrivileged: boolean;
}

/** Of a resource that is a set, such as `cpuset:{0,1}`. */
const itemsOf = (resources: Resources, wanted: string) =>
  resources
    .filter(({ name }) => name === wanted)
    .toMessages()
    .flatMap(({ set }) => set?.item ?? []);

function resourcesOf(
  resources: Resources,
  limits: Readonly<Record<string, { value: number }>>,
): ContainerSpec['resources'] {
  const memLimit = limits.mem?.value;
  const cpuset = itemsOf(resources, 'cpuset').join(',');
  return {
    cpus: resources.thousandths('cpus') / 1000,
    memBytes: (resources.thousandths('mem') / 1000) * mebibyte,
    ...(limits.cpus !== undefined && { cpusLimit: limits.cpus.value }),
    ...(cpuset !== '' && { cpuset }),
    ...(memLimit !== undefined && { memLimitBytes: memLimit * mebibyte }),
  };
}

/** A port of the machine is whose offer had it. @throws AgentError `InvalidContainer` */
function refuseOthersPorts(mappings: readonly PortMapping[], resources: Resources): void {
  const ports = resources.filter(({ name }) => name === 'ports');
  const ranges = ports.toMessages().flatMap((each) => each.ranges?.range ?? []);
  const isOwn = (port: number) =>
    ranges.some(({ begin, end }) => BigInt(port) >= begin && BigInt(port) <= end);
  const other = mappings.find(({ hostPort }) => !isOwn(hostPort));
  if (other === undefined) return;
  const own = `${ports}` === '' ? 'none' : `${ports}`;
  const message = `host port ${other.hostPort} is not among the resources of the task (ports: ${own})`;
  throw new AgentError('InvalidContainer', message);
}

/** Tasks of a group are on the network of their executor, all together, unless they name one of their own. */
function groupNetwork(
  { task, executor, executorContainerId, containerId }: LaunchOrder,
  { network }: Partial<ContainerSpec>,
): Partial<ContainerSpec> {
  const isOfGroup = task !== undefined && executorContainerId !== containerId;
  if (!isOfGroup || network !== undefined || executor.container === undefined) return {};
  const shared = networkOf(executor.container);
  if (shared === undefined) return {};
  const portMappings = portsOf(executor.container);
  return {
    network: shared,
    networkOf: executorContainerId,
    ...(portMappings.length > 0 && { portMappings }),
  };
}

/** @throws AgentError `InvalidContainer` for what no containerizer here can do, or may do */
export function containerSpec(order: LaunchOrder, place: SpecPlace): ContainerSpec {
  const { task, executor, containerId } = order;
  const resources = Resources.from(task?.resources ?? executor.resources);
  const container = task === undefined ? executor.container : task.container;
  const volumes = persistentVolumes(resources, place.workDir);
  const fields = containerFields(container, volumes, place.parentSandboxPath);
  // Those of an executor may be of whatever task it is given.
  if (task !== undefined) refuseOthersPorts(fields.portMappings ?? [], resources);
  const user = userInside(order, fields);
  return permitted(
    {
      containerId,
      command: commandFor(order),
      environment: { ...place.environment, ...variablesOf(commandOf(order)?.environment) },
      sandboxPath: place.sandboxPath,
      resources: resourcesOf(resources, task?.limits ?? {}),
      labels: Object.fromEntries((task?.labels?.labels ?? []).map(({ key, value }) => [key, value])),
      ...(place.switchUser && user !== undefined && { user }),
      ...fields,
      ...groupNetwork(order, fields),
    },
    place,
  );
}

/** An image has users of its own: only who is named for the task itself is meant, and with Docker not even he. */
function userInside(order: LaunchOrder, { image, docker }: Partial<ContainerSpec>): string | undefined {
  if (image === undefined) return userOf(order);
  return docker === undefined ? commandOf(order)?.user || undefined : undefined;
}

function permitted(spec: ContainerSpec, { allowPrivileged }: SpecPlace): ContainerSpec {
  const privilege = allowPrivileged ? undefined : privilegeOf(spec);
  if (privilege === undefined) return spec;
  const message = `${privilege} is asked for, and this agent has --allow_privileged_containers=false`;
  throw new AgentError('InvalidContainer', message);
}

/** What an operator starts beside all tasks. */
export interface StandaloneRequest {
  containerId: string;
  command: CommandInfoValid;
  container: ContainerInfoValid | undefined;
  resources: readonly ResourceValid[];
}

/** @throws AgentError `InvalidContainer` for what no containerizer here can do, or may do */
export function standaloneSpec(request: StandaloneRequest, place: SpecPlace): ContainerSpec {
  const { containerId, command, container, resources } = request;
  const fields = containerFields(container, []);
  const { user } = command;
  return permitted(
    {
      containerId,
      command: commandWords(command),
      environment: { ...place.environment, ...variablesOf(command.environment) },
      sandboxPath: place.sandboxPath,
      resources: resourcesOf(Resources.from(resources), {}),
      ...(place.switchUser && user !== '' && fields.image === undefined && { user }),
      ...fields,
    },
    place,
  );
}
