/**
 * The flags of a Mesos agent, by the names that operators know. A value comes from, in this order: the command line, the
 * environment (`MESOS_WORK_DIR`), a file of that name under `/etc/mesos-agent` or `/etc/mesos-slave`, `/etc/mesos/zk` for
 * `master`, the default.
 */
import { readdir, readFile } from 'node:fs/promises';
import { hostname as hostnameOfMachine } from 'node:os';
import { join } from 'node:path';
import { AgentError } from './errors.ts';

export type Flags = Readonly<Record<string, string>>;

/** What a flag is when nobody says otherwise; undefined: not set. */
const defaults: Readonly<Record<string, string | undefined>> = {
  acls: undefined,
  advertise_ip: undefined,
  advertise_port: undefined,
  allow_privileged_containers: 'true',
  attributes: undefined,
  authenticate_http_readonly: 'false',
  authenticate_http_readwrite: 'false',
  authentication_backoff_factor: '1secs',
  authentication_timeout_min: '5secs',
  cgroups_enable_cfs: 'false',
  cgroups_root: 'mesos',
  containerizers: 'process',
  credential: undefined,
  default_role: '*',
  disk_watch_interval: '1mins',
  docker_config: undefined,
  docker_socket: '/var/run/docker.sock',
  domain: undefined,
  executor_registration_timeout: '1mins',
  executor_reregistration_timeout: '2secs',
  executor_shutdown_grace_period: '5secs',
  fetcher_cache_dir: undefined,
  gc_delay: '1weeks',
  gc_disk_headroom: '0.1',
  hostname: undefined,
  http_credentials: undefined,
  http_tokens: undefined,
  ip: '127.0.0.1',
  logging_level: 'INFO',
  master: undefined,
  max_completed_executors_per_framework: '150',
  network_cni_config_dir: undefined,
  network_cni_plugins_dir: undefined,
  oci_runtime: undefined,
  port: '5051',
  reconfiguration_policy: 'equal',
  recovery_timeout: '15mins',
  registration_backoff_factor: '1secs',
  resources: undefined,
  switch_user: 'true',
  work_dir: undefined,
};

/** Flags of Mesos whose part is played by something else here, or by nothing: taken, and without effect. */
const withoutEffect: ReadonlySet<string> = new Set([
  ...['appc_simple_discovery_uri_prefix', 'appc_store_dir', 'authenticatee', 'authorizer'],
  'authentication_timeout_max',
  ...['cgroups_cpu_enable_pids_and_tids_count', 'cgroups_destroy_timeout', 'cgroups_hierarchy'],
  ...['cgroups_limit_swap', 'container_disk_watch_interval', 'container_logger', 'docker'],
  ...['docker_ignore_runtime', 'docker_kill_orphans', 'docker_registry', 'docker_remove_delay'],
  ...['docker_stop_timeout', 'docker_store_dir', 'docker_volume_checkpoint_dir', 'docker_volume_chown'],
  ...['docker_mesos_image', 'external_log_file', 'fetcher_cache_size', 'fetcher_stall_timeout'],
  ...['frameworks_home', 'gc_non_executor_container_sandboxes', 'hadoop_home', 'hostname_lookup'],
  ...['http_authenticators', 'http_command_executor', 'http_executor_domain_sockets'],
  ...['http_heartbeat_interval', 'image_gc_config', 'image_providers', 'initialize_driver_logging'],
  ...['isolation', 'launcher', 'launcher_dir', 'log_dir', 'logbufsecs', 'memory_profiling', 'modules'],
  ...['modules_dir', 'network_cni_metrics', 'network_cni_root_dir_persist'],
  ...['oversubscribed_resources_interval', 'perf_duration', 'perf_events', 'perf_interval', 'qos_controller'],
  ...['qos_correction_interval_min', 'quiet', 'recover', 'resource_estimator', 'revocable_cpu_low_priority'],
  ...['runtime_dir', 'sandbox_directory', 'strict', 'systemd_enable_support', 'systemd_runtime_directory'],
  ...['version', 'zk_session_timeout', 'effective_capabilities', 'bounding_capabilities'],
  ...['disallow_sharing_agent_ipc_namespace', 'disallow_sharing_agent_pid_namespace'],
  ...['enforce_container_disk_quota', 'default_container_info', 'default_container_dns'],
  ...['executor_environment_variables', 'secret_resolver', 'jwt_secret_key', 'authenticate_http_executors'],
]);

/** Flags that would have made something safer: to take them in silence would be to promise what is not kept. */
const refused: Readonly<Record<string, string>> = {
  authenticate_http_executors: 'executors are known by their sandbox and container only',
  bounding_capabilities:
    'native containers have a short list; refuse others by --allow_privileged_containers=false',
  effective_capabilities:
    'native containers have a short list; refuse others by --allow_privileged_containers=false',
  enforce_container_disk_quota: 'limit the disk below work_dir with a quota of its file system',
};

/** All that have an effect. */
export const agentFlagNames: readonly string[] = Object.keys(defaults);

const isKnown = (name: string) => Object.hasOwn(defaults, name) || withoutEffect.has(name);

/** Those among the given that change nothing here. */
export const flagsWithoutEffect = (flags: Flags): string[] =>
  Object.keys(flags).filter((name) => withoutEffect.has(name));

/**
 * With the defaults of what is not given.
 *
 * @throws AgentError `Config` for a flag that no agent has, and for one that asks for a protection that is not there
 */
export function completeFlags(given: Flags): Flags {
  const unknown = Object.keys(given).find((name) => !isKnown(name));
  if (unknown !== undefined) {
    throw new AgentError('Config', `an agent has no flag "${unknown}"; it has ${agentFlagNames.join(', ')}`);
  }
  for (const [name, instead] of Object.entries(refused)) {
    if (given[name] === undefined || given[name] === 'false') continue;
    throw new AgentError('Config', `--${name} is not supported: ${instead}`);
  }
  const flags: Record<string, string> = {};
  const all = { ...defaults, hostname: hostnameOfMachine(), ...given };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) flags[name] = value;
  return flags;
}

function fromArguments(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const [, no, name, value] = /^--(no-)?([a-z0-9_-]+)(?:=(.*))?$/s.exec(args[index] ?? '') ?? [];
    if (name === undefined) {
      throw new AgentError('Config', `"${args[index]?.slice(0, 100)}" is no flag; write --name=value`);
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
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new AgentError('Config', `${folder} cannot be read`, { cause });
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

export interface AgentFlagSources {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default `/etc`. */
  readonly etc?: string;
}

/** What is given, for `runAgent`; without defaults. @throws AgentError `Config` */
export async function readAgentFlags(sources: AgentFlagSources): Promise<Flags> {
  const { args = [], environment = {}, etc = '/etc' } = sources;
  const { zk } = await fromFolder(join(etc, 'mesos'));
  return {
    ...(zk !== undefined && { master: zk }),
    ...(await fromFolder(join(etc, 'mesos-slave'))),
    ...(await fromFolder(join(etc, 'mesos-agent'))),
    ...fromEnvironment(environment),
    ...fromArguments(args),
  };
}
