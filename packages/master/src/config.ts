import { join } from 'node:path';
import {
  type Acls,
  type Credentials,
  DomainInfoSchema,
  type DomainInfoValid,
  FlagReader,
  type Flags,
  MesosError,
  noAcls,
  parseAcls,
  parseCredentials,
  Resources,
  readJson,
  readTls,
  roleError,
  type Tls,
  withoutSecrets,
} from '@orchestrator/mesos';
import { type MasterAddress, readAddress } from './address.ts';
import type { Quantities } from './allocator/subscription.ts';
import type { CoreSettings } from './core/context.ts';
import { type ElectionPlace, readZkUrl } from './election/zk-url.ts';
import { asConfigError, MasterError } from './errors.ts';
import { masterFlags } from './flags.ts';
import type { LeastLevel } from './log/verbosity.ts';
import { noRateLimits, parseRateLimits, type RateLimits } from './throttle/rate-limits.ts';

/** Everything that a master is started with; made of flags by `readConfig`. */
export interface MasterConfig extends MasterAddress {
  readonly cluster: string | undefined;
  /** Undefined: the only master. */
  readonly zk: ElectionPlace | undefined;
  readonly zkSessionTimeoutMs: number;
  /** Made at the start. */
  readonly workDir: string | undefined;
  /** `sqlite:…` or `etcd://…`. */
  readonly store: string;
  readonly storeTimeoutMs: number;
  readonly fetchTimeoutMs: number;
  readonly domain: DomainInfoValid | undefined;
  /** Of the calls of frameworks, by principal. */
  readonly rateLimits: RateLimits;
  /** A file with the host names of agents that may be offered; undefined: all. */
  readonly whitelist: string | undefined;
  readonly core: CoreSettings;
  readonly mostSubscribers: number;
  readonly minAllocatable: readonly Quantities[];
  readonly keepsGpus: boolean;
  readonly fairSharingExcluded: readonly string[];
  readonly requires: {
    readonly agents: boolean;
    readonly frameworks: boolean;
    readonly httpFrameworks: boolean;
    readonly readonly: boolean;
    readonly readwrite: boolean;
  };
  readonly tls: Tls | undefined;
  /** Paths that are served to nobody. */
  readonly disabledEndpoints: ReadonlySet<string>;
  /** Of tokens that are made elsewhere. */
  readonly jwtKey: Buffer | undefined;
  readonly authenticationTimeoutMs: number;
  /** Written, beside standard error. */
  readonly logFile: string | undefined;
  /** Shown as the master's log: `logFile`, or what another process writes for it. */
  readonly shownLogFile: string | undefined;
  readonly leastLogLevel: LeastLevel;
  /** Nothing on standard error. */
  readonly isQuiet: boolean;
  readonly credentials: Credentials;
  readonly tokens: Credentials;
  readonly acls: Acls;
  /** As they are shown: without secrets. */
  readonly flags: Flags;
}

function minAllocatable(text: string): Quantities[] {
  return text
    .split('|')
    .map((set) => [...Resources.parse(set).scalars()].map(([name, amount]) => [name, amount]));
}

/** @throws MasterError `config` */
function readDomain(read: FlagReader): DomainInfoValid | undefined {
  const given = read.contents('domain');
  if (given === undefined) return undefined;
  let domain: DomainInfoValid;
  try {
    domain = readJson(DomainInfoSchema, given.text, { names: 'v0' });
  } catch (cause) {
    if (!(cause instanceof MesosError)) throw cause;
    throw new MasterError('config', `flag --domain: ${cause.message}`, { cause });
  }
  if (domain.faultDomain !== undefined) return domain;
  throw new MasterError('config', 'flag --domain defines no `fault_domain`');
}

function readRoles(read: FlagReader): ReadonlySet<string> | undefined {
  return read.text('roles') === undefined ? undefined : new Set(['*', ...read.list('roles')]);
}

/** `web=2,batch=0.5` */
function readWeights(read: FlagReader): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const pair of read.list('weights')) {
    const [role = '', weight = '', ...more] = pair.split('=').map((part) => part.trim());
    const problem =
      roleError(role) ?? (Number(weight) > 0 && more.length === 0 ? undefined : 'no ROLE=WEIGHT');
    if (problem !== undefined) {
      throw new MasterError('config', `flag --weights: "${pair}" cannot be: ${problem}`, {
        remedy: 'write roles with positive weights, as in web=2,batch=0.5',
      });
    }
    weights.set(role, Number(weight));
  }
  return weights;
}

/** `{"disabled_endpoints": {"paths": ["/files/browse"]}}` */
function readFirewall(read: FlagReader): ReadonlySet<string> {
  const given = read.contents('firewall_rules');
  if (given === undefined) return new Set();
  const problem = 'flag --firewall_rules is not {"disabled_endpoints": {"paths": ["/…"]}}';
  let rules: { readonly disabled_endpoints?: { readonly paths?: unknown } };
  try {
    rules = JSON.parse(given.text) as typeof rules;
  } catch (cause) {
    throw new MasterError('config', problem, { cause });
  }
  const { paths } = rules.disabled_endpoints ?? {};
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string')) return new Set(paths);
  throw new MasterError('config', problem);
}

const logLevels: Readonly<Record<string, LeastLevel>> = { INFO: 'info', WARNING: 'warn', ERROR: 'error' };

function readLogFlags(read: FlagReader) {
  const folder = read.text('log_dir');
  const logFile = folder === undefined ? undefined : join(folder, 'master.log');
  return {
    ...{ logFile, shownLogFile: read.text('external_log_file') ?? logFile },
    leastLogLevel: read.oneOf('logging_level', logLevels),
    isQuiet: read.yes('quiet'),
  };
}

function readCoreSettings(read: FlagReader): CoreSettings {
  return {
    requiresAgentDomain: read.yes('require_agent_domain'),
    roles: readRoles(read),
    firstWeights: readWeights(read),
    allowsRoot: read.yes('root_submissions'),
    recoveryFactor: read.share('allocator_agent_recovery_factor'),
    recoveryTimeoutMs: read.durationMs('allocator_recovery_timeout'),
    agentPingTimeoutMs: read.durationMs('agent_ping_timeout'),
    maxAgentPingTimeouts: read.whole('max_agent_ping_timeouts'),
    agentReregisterTimeoutMs: read.durationMs('agent_reregister_timeout'),
    agentRemovalIntervalMs: read.intervalMs('agent_removal_rate_limit'),
    recoveryAgentRemovalLimit: read.percentage('recovery_agent_removal_limit'),
    offerTimeoutMs: read.maybeMs('offer_timeout'),
    maxCompletedFrameworks: read.whole('max_completed_frameworks'),
    maxCompletedTasksPerFramework: read.whole('max_completed_tasks_per_framework'),
    maxUnreachableTasksPerFramework: read.whole('max_unreachable_tasks_per_framework'),
    registryMaxAgentCount: read.whole('registry_max_agent_count'),
    registryMaxAgentAgeMs: read.durationMs('registry_max_agent_age'),
    registryGcIntervalMs: read.durationMs('registry_gc_interval'),
  };
}

/** @throws MasterError `config`, naming the flag */
export async function readConfig(flags: Flags): Promise<MasterConfig> {
  try {
    return await configOf(flags);
  } catch (error) {
    throw asConfigError(error);
  }
}

async function configOf(flags: Flags): Promise<MasterConfig> {
  const read = new FlagReader(flags);
  const credentials = read.contents('credentials');
  const tokens = read.contents('http_tokens');
  const acls = read.contents('acls');
  const rateLimits = read.contents('rate_limits');
  const jwtSecret = read.contents('jwt_secret_key');
  const jwtKey = jwtSecret === undefined ? undefined : Buffer.from(jwtSecret.text.trim());
  const zk = read.text('zk');
  const workDir = read.text('work_dir');
  const store = read.text('store') ?? (workDir === undefined ? undefined : `sqlite:${workDir}/registry.db`);
  if (store === undefined) {
    throw new MasterError('config', 'there is no place for the registry', {
      remedy:
        'give --work_dir for one on this machine, or --store=etcd://host:2379 for one of several masters',
    });
  }
  const requires = {
    agents: read.yes('authenticate_agents'),
    frameworks: read.yes('authenticate_frameworks'),
    httpFrameworks: read.yes('authenticate_http_frameworks'),
    readonly: read.yes('authenticate_http_readonly'),
    readwrite: read.yes('authenticate_http_readwrite'),
  };
  if (
    Object.values(requires).includes(true) &&
    credentials === undefined &&
    tokens === undefined &&
    jwtKey === undefined
  ) {
    throw new MasterError('config', 'authentication is asked for, and there are no credentials', {
      remedy: 'give --credentials=/path, a file of principals and secrets',
    });
  }
  return {
    ...(await readAddress(flags, read)),
    ...{ store, workDir, requires },
    core: readCoreSettings(read),
    domain: readDomain(read),
    rateLimits: rateLimits === undefined ? noRateLimits : parseRateLimits(rateLimits.text),
    whitelist: read.text('whitelist')?.replace(/^file:\/\//, ''),
    cluster: read.text('cluster'),
    zk: zk === undefined ? undefined : await readZkUrl(zk),
    zkSessionTimeoutMs: read.durationMs('zk_session_timeout'),
    storeTimeoutMs: read.durationMs('registry_store_timeout'),
    fetchTimeoutMs: read.durationMs('registry_fetch_timeout'),
    mostSubscribers: read.whole('max_operator_event_stream_subscribers'),
    minAllocatable: minAllocatable(read.text('min_allocatable_resources') ?? ''),
    keepsGpus: read.yes('filter_gpu_resources'),
    fairSharingExcluded: read.list('fair_sharing_excluded_resource_names'),
    ...readLogFlags(read),
    tls: await readTls((setting) => read.text(setting)),
    disabledEndpoints: readFirewall(read),
    jwtKey,
    authenticationTimeoutMs: read.durationMs('authentication_v0_timeout'),
    credentials: credentials === undefined ? new Map() : parseCredentials(credentials.text, credentials.file),
    tokens: tokens === undefined ? new Map() : parseCredentials(tokens.text, tokens.file),
    acls: acls === undefined ? noAcls : parseAcls(acls.text),
    flags: withoutSecrets(masterFlags, flags),
  };
}
