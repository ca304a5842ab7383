import { readFile } from 'node:fs/promises';
import { hostname as ownHostname } from 'node:os';
import { MesosError, parseDuration, Resources } from '@orchestrator/mesos';
import type { Quantities } from './allocator/subscription.ts';
import { type Acls, noAcls, parseAcls } from './api/acls.ts';
import { type Credentials, parseCredentials } from './api/credentials.ts';
import { type ElectionPlace, readZkUrl } from './election/zk-url.ts';
import { MasterError } from './errors.ts';
import type { Flags } from './flags.ts';

/** Everything that a master is started with; made of flags by `readConfig`. */
export interface MasterConfig {
  readonly ip: string;
  readonly port: number;
  /** What others are told, where it differs from what is listened on. */
  readonly advertisedIp: string;
  readonly advertisedPort: number;
  readonly hostname: string;
  readonly cluster: string | undefined;
  /** Undefined: the only master. */
  readonly zk: ElectionPlace | undefined;
  readonly zkSessionTimeoutMs: number;
  /** `sqlite:…` or `etcd://…`. */
  readonly store: string;
  readonly storeTimeoutMs: number;
  readonly agentPingTimeoutMs: number;
  readonly maxAgentPingTimeouts: number;
  readonly agentReregisterTimeoutMs: number;
  readonly agentRemovalIntervalMs: number | undefined;
  readonly recoveryAgentRemovalLimit: number;
  readonly offerTimeoutMs: number | undefined;
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasksPerFramework: number;
  readonly maxUnreachableTasksPerFramework: number;
  readonly registryMaxAgentCount: number;
  readonly registryMaxAgentAgeMs: number;
  readonly registryGcIntervalMs: number;
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
  readonly authenticationTimeoutMs: number;
  readonly credentials: Credentials;
  readonly tokens: Credentials;
  readonly acls: Acls;
  /** As they are shown: without secrets. */
  readonly flags: Flags;
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

  #read<Value>(name: string, what: string, read: (text: string) => Value | undefined): Value {
    const text = this.text(name) ?? '';
    const value = read(text);
    if (value !== undefined) return value;
    throw new MasterError('config', `flag --${name} is "${text}", not ${what}`);
  }

  whole(name: string): number {
    return this.#read(name, 'a whole number', (text) => (/^\d+$/.test(text) ? Number(text) : undefined));
  }

  yes(name: string): boolean {
    return this.#read(name, 'true or false', (text) => {
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : undefined;
    });
  }

  durationMs(name: string): number {
    return this.#read(name, 'a duration such as 15secs', (text) => {
      try {
        return parseDuration(text);
      } catch (error) {
        if (error instanceof MesosError) return undefined;
        throw error;
      }
    });
  }

  maybeMs(name: string): number | undefined {
    return this.text(name) === undefined ? undefined : this.durationMs(name);
  }

  percentage(name: string): number {
    return this.#read(name, 'a percentage such as 50%', (text) => {
      const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
      return match === null ? undefined : Number(match[1]) / 100;
    });
  }

  /** `1/10mins`: one in ten minutes. */
  intervalMs(name: string): number | undefined {
    if (this.text(name) === undefined) return undefined;
    return this.#read(name, 'a rate such as 1/10mins', (text) => {
      const match = /^(\d+)\/(.+)$/.exec(text);
      const count = Number(match?.[1]);
      return match?.[2] === undefined || count === 0 ? undefined : parseDuration(match[2]) / count;
    });
  }

  /** The value itself, or what is in the file that it names. */
  async contents(name: string): Promise<{ readonly text: string; readonly file: string } | undefined> {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.trimStart().startsWith('{')) return { text: value, file: `--${name}` };
    const file = value.replace(/^file:\/\//, '');
    try {
      return { text: await readFile(file, 'utf8'), file };
    } catch (cause) {
      throw new MasterError('config', `flag --${name} names ${file}, which cannot be read`, { cause });
    }
  }
}

function minAllocatable(text: string): Quantities[] {
  return text
    .split('|')
    .map((set) => [...Resources.parse(set).scalars()].map(([name, amount]) => [name, amount]));
}

/** @throws MasterError `config`, naming the flag */
export async function readConfig(flags: Flags): Promise<MasterConfig> {
  const read = new FlagReader(flags);
  const credentials = await read.contents('credentials');
  const tokens = await read.contents('http_tokens');
  const acls = await read.contents('acls');
  const zk = read.text('zk');
  const ip = read.text('ip') ?? '0.0.0.0';
  const port = read.whole('port');
  const workDir = read.text('work_dir');
  const store = read.text('store') ?? (workDir === undefined ? undefined : `sqlite:${workDir}/registry.db`);
  if (store === undefined) {
    throw new MasterError('config', 'there is no place for the registry', {
      remedy:
        'give --work_dir for one on this machine, or --store=etcd://host:2379 for one of several masters',
    });
  }
  const advertisedIp = read.text('advertise_ip') ?? (ip === '0.0.0.0' ? '127.0.0.1' : ip);
  const requires = {
    agents: read.yes('authenticate_agents'),
    frameworks: read.yes('authenticate_frameworks'),
    httpFrameworks: read.yes('authenticate_http_frameworks'),
    readonly: read.yes('authenticate_http_readonly'),
    readwrite: read.yes('authenticate_http_readwrite'),
  };
  if (Object.values(requires).includes(true) && credentials === undefined && tokens === undefined) {
    throw new MasterError('config', 'authentication is asked for, and there are no credentials', {
      remedy: 'give --credentials=/path, a file of principals and secrets',
    });
  }
  return {
    ...{ ip, port, advertisedIp, store, requires },
    advertisedPort: read.text('advertise_port') === undefined ? port : read.whole('advertise_port'),
    hostname: read.text('hostname') ?? (advertisedIp === '127.0.0.1' ? 'localhost' : ownHostname()),
    cluster: read.text('cluster'),
    zk: zk === undefined ? undefined : await readZkUrl(zk),
    zkSessionTimeoutMs: read.durationMs('zk_session_timeout'),
    storeTimeoutMs: read.durationMs('registry_store_timeout'),
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
    mostSubscribers: read.whole('max_operator_event_stream_subscribers'),
    minAllocatable: minAllocatable(read.text('min_allocatable_resources') ?? ''),
    keepsGpus: read.yes('filter_gpu_resources'),
    fairSharingExcluded: (read.text('fair_sharing_excluded_resource_names') ?? '')
      .split(',')
      .filter((name) => name !== ''),
    authenticationTimeoutMs: read.durationMs('authentication_v0_timeout'),
    credentials: credentials === undefined ? new Map() : parseCredentials(credentials.text, credentials.file),
    tokens: tokens === undefined ? new Map() : parseCredentials(tokens.text, tokens.file),
    acls: acls === undefined ? noAcls : parseAcls(acls.text),
    flags: withoutSecrets(flags),
  };
}

/** A URL of ZooKeeper may hold a password, and a flag may hold what is usually in a file. */
function withoutSecrets(flags: Flags): Flags {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(flags)) {
    const isInline = (name === 'credentials' || name === 'http_tokens') && value.trimStart().startsWith('{');
    shown[name] = isInline ? '***' : value.replace(/\/\/[^/@]*:[^/@]*@/, '//***@');
  }
  return shown;
}
