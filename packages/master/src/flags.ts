/**
 * The flags of a Mesos master, by the names that operators know. A value comes from, in this order: the command line, the
 * environment (`MESOS_QUORUM`), a file of that name under `/etc/mesos-master`, `/etc/mesos/zk` for `zk`, the default.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MasterError } from './errors.ts';

/** What a flag is when nobody says otherwise; undefined: not set. */
const defaults: Readonly<Record<string, string | undefined>> = {
  acls: undefined,
  advertise_ip: undefined,
  advertise_port: undefined,
  agent_ping_timeout: '15secs',
  agent_removal_rate_limit: undefined,
  agent_reregister_timeout: '10mins',
  authenticate_agents: 'false',
  authenticate_frameworks: 'false',
  authenticate_http_frameworks: 'false',
  authenticate_http_readonly: 'false',
  authenticate_http_readwrite: 'false',
  authentication_v0_timeout: '15secs',
  cluster: undefined,
  credentials: undefined,
  fair_sharing_excluded_resource_names: undefined,
  filter_gpu_resources: 'true',
  hostname: undefined,
  http_tokens: undefined,
  ip: '0.0.0.0',
  logging_level: 'INFO',
  max_agent_ping_timeouts: '5',
  max_completed_frameworks: '50',
  max_completed_tasks_per_framework: '1000',
  max_operator_event_stream_subscribers: '1000',
  max_unreachable_tasks_per_framework: '1000',
  min_allocatable_resources: 'cpus:0.01|mem:32',
  offer_timeout: undefined,
  port: '5050',
  recovery_agent_removal_limit: '100%',
  registry_gc_interval: '15mins',
  registry_max_agent_age: '2weeks',
  registry_max_agent_count: '102400',
  registry_store_timeout: '20secs',
  store: undefined,
  work_dir: undefined,
  zk: undefined,
  zk_session_timeout: '10secs',
};

/** Flags of Mesos whose part is played by something else here, or by nothing: taken, and without effect. */
const withoutEffect: ReadonlySet<string> = new Set([
  'allocation_interval',
  'allocator',
  'authenticators',
  'authorizers',
  'external_log_file',
  'framework_sorter',
  'hostname_lookup',
  'http_authenticators',
  'initialize_driver_logging',
  'log_auto_initialize',
  'log_dir',
  'logbufsecs',
  'memory_profiling',
  'publish_per_framework_metrics',
  'quiet',
  'quorum',
  'registry',
  'registry_fetch_timeout',
  'registry_strict',
  'role_sorter',
  'root_submissions',
  'webui_dir',
]);

export type Flags = Readonly<Record<string, string>>;

const isKnown = (name: string) => Object.hasOwn(defaults, name) || withoutEffect.has(name);

function fromArguments(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const [, no, name, value] = /^--(no-)?([a-z0-9_-]+)(?:=(.*))?$/s.exec(args[index] ?? '') ?? [];
    if (name === undefined) {
      throw new MasterError('config', `"${args[index]?.slice(0, 100)}" is no flag`, {
        remedy: 'write --name=value',
      });
    }
    const key = name.replaceAll('-', '_');
    const next = args[index + 1];
    if (value !== undefined) flags[key] = value;
    else if (no !== undefined) flags[key] = 'false';
    else if (next === undefined || next.startsWith('--')) flags[key] = 'true';
    else {
      flags[key] = next;
      index++;
    }
  }
  return flags;
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const key = name.startsWith('MESOS_') ? name.slice('MESOS_'.length).toLowerCase() : '';
    // The environment is also that of executors and libraries: only what is a flag counts.
    if (value !== undefined && isKnown(key)) flags[key] = value;
  }
  return flags;
}

async function fromFolder(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new MasterError('config', `${folder} cannot be read`, { cause: error });
  });
  const flags: Record<string, string> = {};
  for (const name of names) {
    // `?name` is a switch without a value, as the packages of Mesos have it.
    if (name.startsWith('?no-')) flags[name.slice('?no-'.length)] = 'false';
    else if (name.startsWith('?')) flags[name.slice(1)] = 'true';
    else if (!name.startsWith('.')) flags[name] = (await readFile(join(folder, name), 'utf8')).trim();
  }
  return flags;
}

export interface FlagSources {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default `/etc`. */
  readonly etc?: string;
}

/** @throws MasterError `config` for a flag that no master has */
export async function readFlags({ args = [], environment = {}, etc = '/etc' }: FlagSources): Promise<Flags> {
  const files = await fromFolder(join(etc, 'mesos-master'));
  const { zk } = await fromFolder(join(etc, 'mesos'));
  const given = {
    ...(zk === undefined ? {} : { zk }),
    ...files,
    ...fromEnvironment(environment),
    ...fromArguments(args),
  };
  const unknown = Object.keys(given).find((name) => !isKnown(name));
  if (unknown !== undefined) {
    throw new MasterError('config', `a master has no flag "${unknown}"`, {
      remedy: `it has ${Object.keys(defaults).join(', ')}`,
    });
  }
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...defaults, ...given })) {
    if (value !== undefined) flags[name] = value;
  }
  return flags;
}
