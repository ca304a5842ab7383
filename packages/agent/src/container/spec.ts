/** What a container is asked to be. Plain values in the words of Mesos, so that every containerizer reads the same. */

/** As Mesos' CommandInfo. */
export interface Command {
  /** `value` is run by `/bin/sh -c`. */
  shell: boolean;
  /**
   * With `shell` the command line. Without: the program, for Docker put before `arguments` and after the image's
   * entrypoint.
   */
  value?: string;
  /** Without `shell`: for Docker the arguments; for the others the whole argv, its name first. */
  arguments?: readonly string[];
}

/**
 * The command with nothing before it, as `exec` takes it. The program is looked for by `value`; what it believes to be
 * called cannot be told to every runtime.
 */
export function argvOf({ shell, value, arguments: words = [] }: Command): string[] {
  if (shell) return ['/bin/sh', '-c', value ?? ''];
  const [name, ...rest] = words;
  return [value ?? name ?? '', ...rest];
}

/** Requests decide shares, limits what cannot be passed. */
export interface ContainerResources {
  cpus: number;
  memBytes: number;
  /** Default: none, unless the agent enforces CPU quotas. `Infinity`: none in any case. */
  cpusLimit?: number;
  /** Default `memBytes`. `Infinity`: none. */
  memLimitBytes?: number;
  /** Which processors, as the kernel writes them: `0-2,7`. */
  cpuset?: string;
}

/** Credentials of a registry, and nothing else of a Docker `config.json`. */
export interface RegistryCredentials {
  username?: string;
  password?: string;
  /** Instead of both: a token that the registry's token server takes. */
  identityToken?: string;
}

export interface Image {
  /** `registry/repository:tag` or `…@sha256:…`. */
  name: string;
  /** Mesos' force_pull_image. Default false: pulled when it is not there. */
  forcePull?: boolean;
  /** The content of a Docker `config.json` (Mesos' image pull config); wins over the agent's own. */
  pullConfig?: string;
}

export type ContainerNetwork =
  | { mode: 'host' | 'none' | 'bridge' }
  /** A network of the Docker Engine, or a CNI network of that name. */
  | { mode: 'named'; name: string };

export interface PortMapping {
  hostPort: number;
  containerPort: number;
  protocol: 'tcp' | 'udp';
}

export type Volume = {
  /** Absolute, or relative to the sandbox. */
  containerPath: string;
  readOnly?: boolean;
} & (
  | { source: 'host'; hostPath: string }
  /** A folder of the sandbox, made when it is missing. */
  | { source: 'sandbox'; path: string }
  | { source: 'driver'; driver: string; name: string; driverOptions?: Readonly<Record<string, string>> }
);

/** Only of Docker containers. */
export interface DockerSettings {
  privileged?: boolean;
  /** Options of `docker run`, without their dashes: `{ key: 'ulimit', value: 'nofile=1024' }`. */
  parameters?: readonly { key: string; value: string }[];
}

export interface Rlimit {
  /** `RLIMIT_NOFILE` and such. */
  type: string;
  /** Default unlimited. */
  soft?: number;
  hard?: number;
}

/** Only of native containers. */
export interface LinuxSettings {
  /** `CAP_NET_RAW` and such; the bounding set. Default: the short list that Docker gives. */
  capabilities?: readonly string[];
  /** Default what the agent has for all. */
  seccomp?: 'unconfined' | { profile: string };
  rlimits?: readonly Rlimit[];
  /** Default `private`. */
  pidNamespace?: 'private' | 'host';
  /** A folder that holds the container's own root file system. Default: that of the host. */
  rootfs?: { path: string; readOnly?: boolean };
}

export interface ContainerSpec {
  /** Never used again. Letters, digits, `-`, `_` and `.`; at most 200. */
  containerId: string;
  command: Command;
  environment: Readonly<Record<string, string>>;
  /** The sandbox on this machine; exists already. */
  sandboxPath: string;
  resources: ContainerResources;
  /** A user of this machine (native, process) or of the image (Docker). Default: the agent's, or the image's. */
  user?: string;
  hostname?: string;
  /** Without Docker settings it is run by the native containerizer too, where that has what it takes. */
  image?: Image;
  /** Within the container, of native ones. Default the sandbox. */
  workingDirectory?: string;
  /** Default `host`. */
  network?: ContainerNetwork;
  /** Native containers with the same have one network together, that of the first of them. */
  networkOf?: string;
  portMappings?: readonly PortMapping[];
  volumes?: readonly Volume[];
  labels?: Readonly<Record<string, string>>;
  docker?: DockerSettings;
  linux?: LinuxSettings;
}

/** Where a container's sandbox is when it has a root file system of its own (Mesos' `--sandbox_directory`). */
export const sandboxMountPath = '/mnt/mesos/sandbox';

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;

/** What is wrong with it in the eyes of every containerizer; undefined when nothing is. */
export function specProblem(spec: ContainerSpec): string | undefined {
  const { containerId, command, resources, sandboxPath } = spec;
  if (!idPattern.test(containerId)) return `container id "${containerId}" is not ${idPattern.source}`;
  if (!sandboxPath.startsWith('/')) return `sandbox "${sandboxPath}" is not an absolute path`;
  if (command.shell && !command.value) return 'a shell command needs a value';
  if (!(resources.cpus >= 0)) return `cpus ${resources.cpus} is not a number from 0`;
  if (!(resources.memBytes >= 0)) return `memBytes ${resources.memBytes} is not a number from 0`;
  const badPort = (spec.portMappings ?? []).find(
    ({ hostPort, containerPort }) => !isPort(hostPort) || !isPort(containerPort),
  );
  if (badPort !== undefined)
    return `port mapping ${badPort.hostPort}:${badPort.containerPort} is not of ports`;
  return undefined;
}

const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536;
