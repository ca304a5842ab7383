/** What an agent is told at its start, read from its flags. */
import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import {
  type Acls,
  AgentInfoSchema,
  type AgentInfoValid,
  AttributeSchema,
  type AttributeValid,
  type Credential,
  type Credentials,
  DomainInfoSchema,
  type DomainInfoValid,
  FlagReader,
  type Flags,
  makeMessage,
  noAcls,
  parseAcls,
  parseCredential,
  parseCredentials,
  Resources,
  readJson,
  Value_Type,
  withoutSecrets,
} from '@orchestrator/mesos';
import { parseBytes } from './bytes-text.ts';
import type { ReconfigurationPolicy } from './checkpoint/reconfiguration.ts';
import { type BandwidthLimits, bandwidthLimitMissing } from './container/bandwidth-limit.ts';
import type { CoreOptions } from './core/records.ts';
import { AgentError, asConfigError } from './errors.ts';
import { agentFlags, completeFlags } from './flags.ts';
import { type ImageSettings, imageGateOf, imagesOf } from './image-flags.ts';
import type { SeccompProfiles } from './native/seccomp-folder.ts';
import { parseObject } from './object-flag.ts';
import type { RotationOptions } from './sandbox/rotating-log.ts';

type CoreTimes = Pick<
  CoreOptions,
  | 'registrationBackoffMs'
  | 'executorRegistrationTimeoutMs'
  | 'executorReregistrationTimeoutMs'
  | 'executorShutdownGraceMs'
>;

export interface AgentConfig {
  /** What is listened on. */
  ip: string;
  port: number;
  /** Where masters and executors reach it, where that differs. */
  advertisedIp: string;
  advertisedPort: number;
  hostname: string;
  workDir: string;
  resources: Resources;
  attributes: readonly AttributeValid[];
  domain: DomainInfoValid | undefined;
  reconfigurationPolicy: ReconfigurationPolicy;
  /** Tasks run as the users that they ask for. */
  switchUser: boolean;
  /** Containers may be privileged, and have more capabilities than usual. */
  allowPrivileged: boolean;
  /** How old a sandbox that nobody uses may become. */
  gcDelayMs: number;
  /** Share of the disk that is to stay free. */
  gcDiskHeadroom: number;
  diskWatchIntervalMs: number;
  /** How often the disk of containers is measured; undefined: never. */
  containerDiskWatchIntervalMs: number | undefined;
  /** Who has more than was asked for ends. */
  enforcesDiskQuota: boolean;
  fetcher: { cacheDir: string | undefined; cacheBytes: number; stallTimeoutMs: number };
  recoveryTimeoutMs: number;
  /** For executors and tasks, beside what Mesos documents. */
  executorVariables: Readonly<Record<string, string>>;
  core: Partial<CoreTimes>;
  /** `docker`, `mesos` (what there is of the next two), `native`, `process`, in the order of preference. */
  containerizers: readonly string[];
  dockerSocket: string;
  /** Content of a Docker `config.json`. Secret. */
  dockerConfig: string | undefined;
  /** Of native containers; undefined: they have none. */
  images: ImageSettings | undefined;
  /** Path of the program that judges images. */
  imageGate: string | undefined;
  /** Parent of the cgroups of native containers. */
  cgroupsRoot: string;
  enforceCpuQuota: boolean;
  bandwidth: BandwidthLimits;
  /** Of what tasks write. */
  rotation: RotationOptions;
  /** Of native containers. */
  seccomp: SeccompProfiles | undefined;
  ociRuntime: string | undefined;
  cniConfigFolder: string | undefined;
  cniPluginFolders: readonly string[] | undefined;
  /** Paths that are served to nobody. */
  disabledEndpoints: ReadonlySet<string>;
  /** `host:port,…` or an URL of ZooKeeper. */
  master: string;
  /** Whom masters know it as. Secret. */
  credential: Credential | undefined;
  authentication: { backoffMs: number; timeoutMs: number };
  /** Of those who ask over HTTP. */
  credentials: Credentials;
  tokens: Credentials;
  requires: { readonly: boolean; readwrite: boolean };
  acls: Acls;
  /** As `/flags` shows them: without secrets. */
  flags: Flags;
}

function needed(read: FlagReader, name: string): string {
  const value = read.text(name);
  if (value === undefined) throw new AgentError('Config', `an agent needs --${name}`);
  return value;
}

function rangesOf(text: string) {
  const pairs = [...text.matchAll(/(\d+)\s*-\s*(\d+)/g)];
  return pairs.map(([, begin = '0', end = '0']) => ({ begin: BigInt(begin), end: BigInt(end) }));
}

function attributesOf(text: string): AttributeValid[] {
  const parts = text.split(';').filter((part) => part.trim() !== '');
  return parts.map((part) => {
    const [name = '', ...rest] = part.split(':').map((word) => word.trim());
    const value = rest.join(':');
    if (name === '' || value === '') throw new AgentError('Config', `attribute "${part}" is not name:value`);
    if (value.startsWith('[')) {
      const ranges = { range: rangesOf(value) };
      return makeMessage(AttributeSchema, { name, type: Value_Type.RANGES, ranges });
    }
    const scalar = Number(value);
    return makeMessage(
      AttributeSchema,
      Number.isFinite(scalar)
        ? { name, type: Value_Type.SCALAR, scalar: { value: scalar } }
        : { name, type: Value_Type.TEXT, text: { value } },
    );
  });
}

const mebibyte = 2 ** 20;

/** All but what the machine itself needs: a gibibyte of memory and five of disk, or half of it where there is less. */
function detectedResources(workDir: string): string {
  const memMb = Math.floor(totalmem() / mebibyte);
  const { blocks, bsize } = statfsSync(workDir);
  const diskMb = Math.floor((blocks * bsize) / mebibyte);
  const left = (total: number, kept: number) => (total > 2 * kept ? total - kept : Math.floor(total / 2));
  return `cpus:${availableParallelism()};mem:${left(memMb, 1024)};disk:${left(diskMb, 5120)};ports:[31000-32000]`;
}

/** What is not named is found out. */
function resourcesOf(read: FlagReader, workDir: string): Resources {
  const role = read.text('default_role') ?? '*';
  const detected = Resources.parse(detectedResources(workDir), role);
  const given = read.text('resources')?.trim();
  const isFile = given !== undefined && /^(file:\/\/)?\//.test(given);
  const text = isFile ? read.contents('resources')?.text : given;
  const wanted = text === undefined ? Resources.none : Resources.parse(text, role);
  const names = new Set([...wanted].map(({ kind }) => kind.name));
  return wanted.plus(detected.filter(({ name }) => !names.has(name)));
}

function domainOf(read: FlagReader): DomainInfoValid | undefined {
  const given = read.contents('domain');
  return given && readJson(DomainInfoSchema, given.text);
}

function accessOf(read: FlagReader): Pick<AgentConfig, 'credentials' | 'tokens' | 'requires' | 'acls'> {
  const credentials = read.contents('http_credentials');
  const tokens = read.contents('http_tokens');
  const acls = read.contents('acls');
  const requires = {
    readonly: read.yes('authenticate_http_readonly'),
    readwrite: read.yes('authenticate_http_readwrite'),
  };
  if ((requires.readonly || requires.readwrite) && credentials === undefined && tokens === undefined) {
    throw new AgentError(
      'Config',
      'authentication over HTTP is asked for, and there are no credentials; give --http_credentials=/path',
    );
  }
  return {
    requires,
    credentials: credentials === undefined ? new Map() : parseCredentials(credentials.text, credentials.file),
    tokens: tokens === undefined ? new Map() : parseCredentials(tokens.text, tokens.file),
    acls: acls === undefined ? noAcls : parseAcls(acls.text),
  };
}

const policies: Readonly<Record<string, ReconfigurationPolicy>> = { equal: 'equal', additive: 'additive' };

function placeOf(read: FlagReader) {
  const ip = needed(read, 'ip');
  const port = read.port('port');
  return {
    ...{ ip, port },
    advertisedIp: read.text('advertise_ip') ?? ip,
    advertisedPort: read.text('advertise_port') === undefined ? port : read.port('advertise_port'),
  };
}

function rateOf(read: FlagReader, flag: string): number | undefined {
  const given = read.text(flag);
  const bytesPerS = given === undefined ? 0 : parseBytes(flag, given);
  if (bytesPerS === 0) return undefined;
  const missing = bandwidthLimitMissing();
  if (missing === undefined) return bytesPerS;
  throw new AgentError('Config', `--${flag} cannot be kept: ${missing}; install it`);
}

const bandwidthOf = (read: FlagReader): BandwidthLimits => ({
  egressBytesPerS: rateOf(read, 'egress_rate_limit_per_container'),
  ingressBytesPerS: rateOf(read, 'ingress_rate_limit_per_container'),
});

function seccompOf(read: FlagReader): SeccompProfiles | undefined {
  const folder = read.text('seccomp_config_dir');
  const defaultName = read.text('seccomp_profile_name');
  if (folder !== undefined) return { folder, defaultName };
  if (defaultName === undefined) return undefined;
  throw new AgentError(
    'Config',
    '--seccomp_profile_name needs --seccomp_config_dir, the folder that it is in',
  );
}

function containersOf(read: FlagReader, workDir: string) {
  return {
    images: imagesOf(read, workDir),
    imageGate: imageGateOf(read),
    containerizers: read.list('containerizers'),
    dockerSocket: needed(read, 'docker_socket').replace(/^unix:\/\//, ''),
    dockerConfig: read.contents('docker_config')?.text,
    cgroupsRoot: needed(read, 'cgroups_root'),
    enforceCpuQuota: read.yes('cgroups_enable_cfs'),
    bandwidth: bandwidthOf(read),
    rotation: { compress: read.yes('compress_task_logs') },
    seccomp: seccompOf(read),
    ociRuntime: read.text('oci_runtime'),
    cniConfigFolder: read.text('network_cni_config_dir'),
    cniPluginFolders: read.text('network_cni_plugins_dir')?.split(':'),
  };
}

/** What of Mesos measures the disk, today and before. */
const diskIsolators = new Set(['disk/du', 'posix/disk']);

function diskOf(read: FlagReader): Pick<AgentConfig, 'containerDiskWatchIntervalMs' | 'enforcesDiskQuota'> {
  const enforcesDiskQuota = read.yes('enforce_container_disk_quota');
  const isMeasured = enforcesDiskQuota || read.list('isolation').some((name) => diskIsolators.has(name));
  const intervalMs = read.durationMs('container_disk_watch_interval');
  return { enforcesDiskQuota, containerDiskWatchIntervalMs: isMeasured ? intervalMs : undefined };
}

function executorVariablesOf(read: FlagReader): Readonly<Record<string, string>> {
  const [flag, like] = ['executor_environment_variables', '{"NAME": "value"}'];
  const variables = parseObject(read, flag, like);
  if (Object.values(variables).every((value) => typeof value === 'string'))
    return variables as Record<string, string>;
  throw new AgentError('Config', `--${flag} is not ${like}`);
}

/** `{"disabled_endpoints": {"paths": ["/files/browse"]}}` */
function disabledEndpointsOf(read: FlagReader): ReadonlySet<string> {
  const [flag, like] = ['firewall_rules', '{"disabled_endpoints": {"paths": ["/…"]}}'];
  const { disabled_endpoints: disabled } = parseObject(read, flag, like);
  if (disabled === undefined) return new Set();
  const paths: unknown = typeof disabled === 'object' && disabled !== null && Reflect.get(disabled, 'paths');
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string')) return new Set(paths);
  throw new AgentError('Config', `--${flag} is not ${like}`);
}

/** @param given flags by their names, without defaults. @throws AgentError `Config` */
export function agentConfig(given: Flags): AgentConfig {
  try {
    return configOf(given);
  } catch (error) {
    throw asConfigError(error);
  }
}

function configOf(given: Flags): AgentConfig {
  const flags = completeFlags(given);
  const read = new FlagReader(flags);
  const workDir = needed(read, 'work_dir');
  const credential = read.contents('credential');
  return {
    ...placeOf(read),
    ...containersOf(read, workDir),
    ...accessOf(read),
    disabledEndpoints: disabledEndpointsOf(read),
    master: needed(read, 'master'),
    workDir,
    hostname: needed(read, 'hostname'),
    resources: resourcesOf(read, workDir),
    attributes: attributesOf(read.text('attributes') ?? ''),
    domain: domainOf(read),
    reconfigurationPolicy: read.oneOf('reconfiguration_policy', policies),
    switchUser: read.yes('switch_user'),
    allowPrivileged: read.yes('allow_privileged_containers'),
    gcDelayMs: read.durationMs('gc_delay'),
    gcDiskHeadroom: read.share('gc_disk_headroom'),
    diskWatchIntervalMs: read.durationMs('disk_watch_interval'),
    ...diskOf(read),
    fetcher: {
      cacheDir: read.text('fetcher_cache_dir'),
      cacheBytes: parseBytes('fetcher_cache_size', needed(read, 'fetcher_cache_size')),
      stallTimeoutMs: read.durationMs('fetcher_stall_timeout'),
    },
    recoveryTimeoutMs: read.durationMs('recovery_timeout'),
    executorVariables: executorVariablesOf(read),
    credential: credential && parseCredential(credential.text, credential.file),
    authentication: {
      backoffMs: read.durationMs('authentication_backoff_factor'),
      timeoutMs: read.durationMs('authentication_timeout_min'),
    },
    core: {
      registrationBackoffMs: read.durationMs('registration_backoff_factor'),
      executorRegistrationTimeoutMs: read.durationMs('executor_registration_timeout'),
      executorReregistrationTimeoutMs: read.durationMs('executor_reregistration_timeout'),
      executorShutdownGraceMs: read.durationMs('executor_shutdown_grace_period'),
    },
    flags: withoutSecrets(agentFlags, flags),
  };
}

/** What the agent is, as masters see it; without the id that one of them gives. */
export function agentInfoOf(config: AgentConfig): AgentInfoValid {
  const { hostname, advertisedPort: port, resources, attributes, domain } = config;
  const init = { hostname, port, resources: resources.toMessages(), attributes: [...attributes] };
  return makeMessage(AgentInfoSchema, { ...init, ...(domain && { domain }) });
}
