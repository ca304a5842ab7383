/** What an agent is told at its start, read from its flags. */
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import {
  AgentInfoSchema,
  type AgentInfoValid,
  AttributeSchema,
  type AttributeValid,
  DomainInfoSchema,
  type DomainInfoValid,
  makeMessage,
  parseDuration,
  Resources,
  readJson,
  Value_Type,
} from '@orchestrator/mesos';
import { type Acls, noAcls, parseAcls } from './access/acls.ts';
import {
  type Credential,
  type Credentials,
  parseCredential,
  parseCredentials,
} from './access/credentials.ts';
import type { ReconfigurationPolicy } from './checkpoint/reconfiguration.ts';
import type { CoreOptions } from './core/records.ts';
import { AgentError } from './errors.ts';
import { completeFlags, type Flags } from './flags.ts';

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
  fetcherCacheDir: string | undefined;
  recoveryTimeoutMs: number;
  core: Partial<CoreTimes>;
  /** `docker`, `mesos` (what there is of the next two), `native`, `process`, in the order of preference. */
  containerizers: readonly string[];
  dockerSocket: string;
  /** Content of a Docker `config.json`. Secret. */
  dockerConfig: string | undefined;
  /** Parent of the cgroups of native containers. */
  cgroupsRoot: string;
  enforceCpuQuota: boolean;
  ociRuntime: string | undefined;
  cniConfigFolder: string | undefined;
  cniPluginFolders: readonly string[] | undefined;
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

/** Reads flags one by one, naming the one that is wrong. */
class FlagReader {
  readonly #flags: Flags;

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  text(name: string): string | undefined {
    const value = this.#flags[name];
    return value === undefined || value === '' ? undefined : value;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new AgentError('Config', `an agent needs --${name}`);
    return value;
  }

  yes(name: string): boolean {
    const text = this.text(name) ?? 'false';
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw new AgentError('Config', `--${name} is ${text}; write true or false`);
  }

  port(name: string): number {
    const port = Number(this.text(name));
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
    throw new AgentError('Config', `--${name} is ${this.text(name)}; write 1 to 65535`);
  }

  ms(name: string): number {
    const text = this.required(name);
    try {
      return parseDuration(text);
    } catch (cause) {
      throw new AgentError('Config', `--${name} is ${text}; write a duration such as 15secs`, { cause });
    }
  }

  share(name: string): number {
    const share = Number(this.text(name));
    if (share >= 0 && share <= 1) return share;
    throw new AgentError('Config', `--${name} is ${this.text(name)}; write a share from 0 to 1`);
  }

  folders(name: string): readonly string[] | undefined {
    return this.text(name)?.split(':');
  }

  /** JSON as it is given, or what is in the file that is named; also as `file:///path`. */
  contents(name: string): { text: string; file: string } | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.trimStart().startsWith('{')) return { text: value, file: `--${name}` };
    const file = value.replace(/^file:\/\//, '');
    try {
      return { text: readFileSync(file, 'utf8'), file };
    } catch (cause) {
      throw new AgentError('Config', `--${name} names ${file}, which cannot be read`, { cause });
    }
  }
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

const secretFlags = new Set(['credential', 'http_credentials', 'http_tokens', 'docker_config']);

/** An URL of ZooKeeper may hold a password, and a flag what is usually in a file. */
function shownFlags(flags: Flags): Flags {
  const shown = Object.entries(flags).map(([name, value]) => {
    const isInline = secretFlags.has(name) && value.trimStart().startsWith('{');
    return [name, isInline ? '***' : value.replace(/\/\/[^/@]*:[^/@]*@/, '//***@')] as const;
  });
  return Object.fromEntries(shown);
}

function policyOf(read: FlagReader): ReconfigurationPolicy {
  const policy = read.required('reconfiguration_policy');
  if (policy === 'equal' || policy === 'additive') return policy;
  throw new AgentError('Config', `reconfiguration_policy is ${policy}; write equal or additive`);
}

function placeOf(read: FlagReader) {
  const ip = read.required('ip');
  const port = read.port('port');
  return {
    ...{ ip, port },
    advertisedIp: read.text('advertise_ip') ?? (ip === '0.0.0.0' ? '127.0.0.1' : ip),
    advertisedPort: read.text('advertise_port') === undefined ? port : read.port('advertise_port'),
  };
}

function containersOf(read: FlagReader) {
  return {
    containerizers: read
      .required('containerizers')
      .split(',')
      .map((name) => name.trim()),
    dockerSocket: read.required('docker_socket').replace(/^unix:\/\//, ''),
    dockerConfig: read.contents('docker_config')?.text,
    cgroupsRoot: read.required('cgroups_root'),
    enforceCpuQuota: read.yes('cgroups_enable_cfs'),
    ociRuntime: read.text('oci_runtime'),
    cniConfigFolder: read.text('network_cni_config_dir'),
    cniPluginFolders: read.folders('network_cni_plugins_dir'),
  };
}

/** @param given flags by their names, without defaults. @throws AgentError `Config` */
export function agentConfig(given: Flags): AgentConfig {
  const flags = completeFlags(given);
  const read = new FlagReader(flags);
  const workDir = read.required('work_dir');
  const credential = read.contents('credential');
  return {
    ...placeOf(read),
    ...containersOf(read),
    ...accessOf(read),
    master: read.required('master'),
    workDir,
    hostname: read.required('hostname'),
    resources: resourcesOf(read, workDir),
    attributes: attributesOf(read.text('attributes') ?? ''),
    domain: domainOf(read),
    reconfigurationPolicy: policyOf(read),
    switchUser: read.yes('switch_user'),
    allowPrivileged: read.yes('allow_privileged_containers'),
    gcDelayMs: read.ms('gc_delay'),
    gcDiskHeadroom: read.share('gc_disk_headroom'),
    diskWatchIntervalMs: read.ms('disk_watch_interval'),
    fetcherCacheDir: read.text('fetcher_cache_dir'),
    recoveryTimeoutMs: read.ms('recovery_timeout'),
    credential: credential && parseCredential(credential.text, credential.file),
    authentication: {
      backoffMs: read.ms('authentication_backoff_factor'),
      timeoutMs: read.ms('authentication_timeout_min'),
    },
    core: {
      registrationBackoffMs: read.ms('registration_backoff_factor'),
      executorRegistrationTimeoutMs: read.ms('executor_registration_timeout'),
      executorReregistrationTimeoutMs: read.ms('executor_reregistration_timeout'),
      executorShutdownGraceMs: read.ms('executor_shutdown_grace_period'),
    },
    flags: shownFlags(flags),
  };
}

/** What the agent is, as masters see it; without the id that one of them gives. */
export function agentInfoOf(config: AgentConfig): AgentInfoValid {
  const { hostname, advertisedPort: port, resources, attributes, domain } = config;
  const init = { hostname, port, resources: resources.toMessages(), attributes: [...attributes] };
  return makeMessage(AgentInfoSchema, { ...init, ...(domain && { domain }) });
}
