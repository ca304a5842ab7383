/** From a specification to the `config.json` of an OCI bundle. Pure. */
import type { Account } from '../container/account.ts';
import { argvOf, type ContainerSpec, sandboxMountPath } from '../container/spec.ts';
import { defaultCapabilities } from './capabilities.ts';
import { defaultSeccomp } from './seccomp.ts';
import { seccompOfProfile } from './seccomp-profile.ts';

/** What of this machine goes into a bundle. */
export interface HostFacts {
  /** As `process.arch`. */
  architecture: string;
  /** As `uname -r` says it. */
  kernelRelease: string;
  /** Folders below `/` that a container on the host's file system sees, e.g. `etc`; the kernel's own are left out. */
  topFolders: readonly string[];
  /** A program that reaps and forwards signals, put first where the container has processes of its own. */
  initPath: string | undefined;
  /** What AppArmor holds containers to; undefined where it cannot. */
  apparmorProfile?: string | undefined;
  /** The kernel counts swap. */
  hasSwapAccounting: boolean;
}

export interface BundleOptions {
  host: HostFacts;
  account: Account;
  /** Within each hierarchy. */
  cgroupsPath: string;
  /** Of a network that was made for it. */
  networkNamespace: string | undefined;
  enforceCpuQuota: boolean;
  /** Instead of the agent's own list; in the format of Docker. */
  seccompProfile?: { name: string; text: string } | undefined;
}

interface Mount {
  destination: string;
  type: string;
  source: string;
  options: readonly string[];
}

const initMountPath = '/dev/init';
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const sharesPerCpu = 1024;
const smallestShares = 2;
const quotaPeriodUs = 100_000;
const smallestMemBytes = 32 * 2 ** 20;

const bind = (source: string, destination: string, ...options: string[]): Mount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rslave', ...options],
});

/** The kernel's file systems. */
const kernelMounts: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=64m'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
  },
];

export const hasOwnRoot = (spec: ContainerSpec) => spec.linux?.rootfs !== undefined;

/** Where the command finds its sandbox. */
export const sandboxInside = (spec: ContainerSpec) =>
  hasOwnRoot(spec) ? sandboxMountPath : spec.sandboxPath;

function volumeMounts(spec: ContainerSpec): Mount[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    if (volume.source === 'driver') return [];
    const destination = volume.containerPath.startsWith('/')
      ? volume.containerPath
      : `${sandboxInside(spec)}/${volume.containerPath}`;
    const source = volume.source === 'host' ? volume.hostPath : `${spec.sandboxPath}/${volume.path}`;
    return [bind(source, destination, volume.readOnly === true ? 'ro' : 'rw')];
  });
}

/** By which it finds others: as the machine does where it has the machine's network. */
function namesOf({ network }: ContainerSpec): Mount[] {
  const isHost = (network?.mode ?? 'host') === 'host';
  const files = ['/etc/resolv.conf', ...(isHost ? ['/etc/hosts'] : [])];
  return files.map((file) => bind(file, file, 'ro'));
}

function mountsOf(spec: ContainerSpec, host: HostFacts): Mount[] {
  const root = hasOwnRoot(spec)
    ? [bind(spec.sandboxPath, sandboxMountPath), ...namesOf(spec)]
    : host.topFolders.map((name) => bind(`/${name}`, `/${name}`));
  const init = usesInit(spec, host) ? [bind(host.initPath ?? '', initMountPath, 'ro')] : [];
  return [
    ...(hasOwnRoot(spec) ? [] : root),
    ...kernelMounts,
    ...(hasOwnRoot(spec) ? root : []),
    ...volumeMounts(spec),
    ...init,
  ];
}

const hasOwnProcesses = (spec: ContainerSpec) => spec.linux?.pidNamespace !== 'host';
const usesInit = (spec: ContainerSpec, host: HostFacts) =>
  hasOwnProcesses(spec) && host.initPath !== undefined;

function processOf(spec: ContainerSpec, { account, host }: BundleOptions) {
  const capabilities = spec.linux?.capabilities ?? defaultCapabilities;
  // Whoever is not root gets what he was given explicitly and keeps it over exec.
  const held = account.uid === 0 || spec.linux?.capabilities !== undefined ? capabilities : [];
  const environment = {
    PATH: defaultPath,
    HOME: account.home,
    ...spec.environment,
    MESOS_SANDBOX: sandboxInside(spec),
  };
  const init = usesInit(spec, host) ? [initMountPath, '-g', '--'] : [];
  // Who may do without the one filter may do without the other.
  const isConfined = host.apparmorProfile !== undefined && spec.linux?.seccomp !== 'unconfined';
  return {
    ...(isConfined && { apparmorProfile: host.apparmorProfile }),
    terminal: false,
    user: { uid: account.uid, gid: account.gid, additionalGids: account.additionalGids },
    args: [...init, ...argvOf(spec.command)],
    env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    cwd: spec.workingDirectory ?? sandboxInside(spec),
    capabilities: {
      bounding: capabilities,
      effective: held,
      permitted: held,
      ...(account.uid !== 0 && held.length > 0 && { inheritable: held, ambient: held }),
    },
    rlimits: (spec.linux?.rlimits ?? []).map(({ type, soft = unlimited, hard = unlimited }) => ({
      type,
      soft,
      hard,
    })),
  };
}

/** RLIM_INFINITY; a number that JSON carries exactly and that the kernel treats alike. */
const unlimited = Number.MAX_SAFE_INTEGER;

function resourcesOf({ resources }: ContainerSpec, { host, enforceCpuQuota }: BundleOptions) {
  const { cpus, memBytes, memLimitBytes = memBytes, cpuset } = resources;
  const cpuLimit = resources.cpusLimit ?? (enforceCpuQuota ? cpus : Number.POSITIVE_INFINITY);
  const limit = Math.max(memLimitBytes, smallestMemBytes);
  return {
    // Nothing but what every container has, whatever is in an image or made with mknod.
    devices: [{ allow: false, access: 'rwm' }],
    cpu: {
      shares: Math.max(smallestShares, Math.round(cpus * sharesPerCpu)),
      ...(Number.isFinite(cpuLimit) && {
        quota: Math.max(1_000, Math.round(cpuLimit * quotaPeriodUs)),
        period: quotaPeriodUs,
      }),
      ...(cpuset !== undefined && { cpus: cpuset }),
    },
    ...(Number.isFinite(limit) &&
      memBytes > 0 && { memory: { limit, ...(host.hasSwapAccounting && { swap: limit }) } }),
  };
}

function namespacesOf(spec: ContainerSpec, networkNamespace: string | undefined) {
  const mode = spec.network?.mode ?? 'host';
  const ownNetwork = mode !== 'host';
  return [
    { type: 'mount' },
    { type: 'ipc' },
    ...(hasOwnProcesses(spec) ? [{ type: 'pid' }] : []),
    ...(ownNetwork || spec.hostname !== undefined ? [{ type: 'uts' }] : []),
    ...(ownNetwork
      ? [{ type: 'network', ...(networkNamespace !== undefined && { path: networkNamespace }) }]
      : []),
  ];
}

/** Of `/proc` and `/sys`: what tells of the host or changes it. */
const maskedPaths = [
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Why the native runtime cannot run it; undefined when it can. `hasImages`: there is a store of them. */
export function nativeProblem(spec: ContainerSpec, hasImages: boolean): string | undefined {
  if (spec.docker !== undefined)
    return 'containers of type DOCKER need the docker containerizer: start the agent with --containerizers=docker,native';
  if (spec.image !== undefined && !hasImages)
    return `image ${spec.image.name} needs the docker containerizer, or --image_providers=docker`;
  const driver = (spec.volumes ?? []).find((volume) => volume.source === 'driver');
  if (driver !== undefined)
    return `volume ${driver.containerPath} is of a driver, which needs the docker containerizer`;
  const mode = spec.network?.mode ?? 'host';
  if ((spec.portMappings ?? []).length > 0 && (mode === 'host' || mode === 'none')) {
    return `port mappings need a network of the container's own, not ${mode}`;
  }
  const isEmpty = spec.image === undefined && argvOf(spec.command)[0] === '';
  return isEmpty ? 'its command is empty' : undefined;
}

function seccompOf(spec: ContainerSpec, { host, seccompProfile }: BundleOptions): object {
  const capabilities = spec.linux?.capabilities ?? defaultCapabilities;
  if (seccompProfile === undefined) return defaultSeccomp(host.architecture, capabilities);
  const place = { architecture: host.architecture, kernelRelease: host.kernelRelease, capabilities };
  return seccompOfProfile(seccompProfile.name, seccompProfile.text, place);
}

/** The content of `config.json`. */
export function bundleConfig(spec: ContainerSpec, options: BundleOptions): object {
  const ownName = (spec.network?.mode ?? 'host') !== 'host' || spec.hostname !== undefined;
  return {
    ociVersion: '1.0.2',
    process: processOf(spec, options),
    root: { path: 'rootfs', readonly: spec.linux?.rootfs?.readOnly ?? false },
    ...(ownName && { hostname: spec.hostname ?? spec.containerId.slice(0, 63) }),
    mounts: mountsOf(spec, options.host),
    linux: {
      cgroupsPath: options.cgroupsPath,
      namespaces: namespacesOf(spec, options.networkNamespace),
      resources: resourcesOf(spec, options),
      rootfsPropagation: 'rslave',
      maskedPaths,
      readonlyPaths,
      ...(spec.linux?.seccomp !== 'unconfined' && { seccomp: seccompOf(spec, options) }),
    },
  };
}
