/** The flags of a Mesos master, and what each of them does here. The table of the compatibility page is made of this. */

export interface FlagFacts {
  /** Undefined: not set unless somebody does. */
  readonly default?: string;
  /** `same` as in Mesos; `differs`, or is a flag of ours; `none`: taken and without effect; `refused` unless `only`. */
  readonly effect: 'same' | 'differs' | 'none' | 'refused';
  /** What is different, or why it does nothing. */
  readonly note?: string;
  /** Values that are taken where the flag is refused otherwise: those that Mesos has without modules. */
  readonly only?: readonly string[];
  /** What it was called before. */
  readonly formerly?: string;
  /** What it holds is not to be shown. */
  readonly secret?: boolean;
}

const same = (value?: string, more: Omit<FlagFacts, 'effect' | 'default'> = {}): FlagFacts => ({
  ...(value === undefined ? {} : { default: value }),
  ...{ effect: 'same', ...more },
});
const differs = (note: string, value?: string, more: Partial<FlagFacts> = {}): FlagFacts => ({
  ...(value === undefined ? {} : { default: value }),
  ...{ effect: 'differs', note, ...more },
});
const none = (note: string): FlagFacts => ({ effect: 'none', note });
const refused = (note: string, only: readonly string[] = []): FlagFacts => ({
  effect: 'refused',
  ...{ note, only },
});

const modules = 'C++ modules cannot be loaded; what they secured must not be left open without a word';
const storeInstead = 'the registry is in `--store`, whose own log is the replicated one';

export const flagTable: Readonly<Record<string, FlagFacts>> = {
  acls: same(),
  advertise_ip: same(),
  advertise_port: same(),
  agent_ping_timeout: same('15secs', { formerly: 'slave_ping_timeout' }),
  agent_removal_rate_limit: same(undefined, { formerly: 'slave_removal_rate_limit' }),
  agent_reregister_timeout: same('10mins', { formerly: 'slave_reregister_timeout' }),
  allocation_interval: none('offers are made as soon as something is free, not once in an interval'),
  allocator: refused(modules, ['hierarchical', 'HierarchicalDRF']),
  allocator_agent_recovery_factor: same('0.8'),
  allocator_recovery_timeout: same('10mins'),
  authenticate_agents: same('false', { formerly: 'authenticate_slaves' }),
  authenticate_frameworks: same('false', { formerly: 'authenticate' }),
  authenticate_http_frameworks: same('false'),
  authenticate_http_readonly: same('false'),
  authenticate_http_readwrite: same('false', { formerly: 'authenticate_http' }),
  authentication_v0_timeout: same('15secs'),
  authenticators: refused(modules, ['crammd5']),
  authorizers: refused(modules, ['local']),
  cluster: same(),
  credentials: differs('the file may be JSON or lines, and the JSON itself may be given', undefined, {
    secret: true,
  }),
  domain: same(),
  external_log_file: same(),
  fair_sharing_excluded_resource_names: same(),
  filter_gpu_resources: same('true'),
  firewall_rules: same(),
  framework_sorter: refused('only dominant resource fairness is there', ['drf']),
  help: none('`orchestrator master --help` says what there is'),
  hooks: refused(modules),
  hostname: same(),
  hostname_lookup: same('true'),
  http_authenticators: refused(modules, ['basic']),
  http_framework_authenticators: refused(modules, ['basic']),
  http_tokens: differs('ours: bearer tokens by principal, in the format of `--credentials`', undefined, {
    secret: true,
  }),
  initialize_driver_logging: none('there is no driver in this process'),
  ip: differs('without it a master listens on loopback alone, rather than on every address; see "Addresses"'),
  ip_discovery_command: same(),
  jwt_secret_key: differs(
    'ours: a file with the key of HS256 tokens, which are then taken as bearer tokens; the claim `sub` is the principal',
  ),
  log_auto_initialize: none(storeInstead),
  log_dir: differs('the log also goes to a file `master.log` there, which `/files` serves'),
  logbufsecs: none('lines are written as they come'),
  logging_level: differs('of INFO, WARNING and ERROR', 'INFO'),
  master_contender: refused(modules),
  master_detector: refused(modules),
  max_agent_ping_timeouts: same('5', { formerly: 'max_slave_ping_timeouts' }),
  max_completed_frameworks: same('50'),
  max_completed_tasks_per_framework: same('1000'),
  max_executors_per_agent: none('of the port-mapping isolator, which is not there'),
  max_operator_event_stream_subscribers: same('1000'),
  max_unreachable_tasks_per_framework: same('1000'),
  memory_profiling: none('of jemalloc, which is not there'),
  min_allocatable_resources: same('cpus:0.01|mem:32'),
  modules: refused(modules),
  modules_dir: refused(modules),
  offer_constraints_re2_max_mem: none('patterns run in linear time, and are 512 characters long at most'),
  offer_constraints_re2_max_program_size: none(
    'patterns run in linear time, and are 512 characters long at most',
  ),
  offer_timeout: same(),
  port: same('5050'),
  publish_per_framework_metrics: same('true'),
  quiet: same('false'),
  quorum: none(storeInstead),
  rate_limits: none('calls are not held back by principal'),
  recovery_agent_removal_limit: same('100%', { formerly: 'recovery_slave_removal_limit' }),
  registry: none(storeInstead),
  registry_fetch_timeout: same('1mins'),
  registry_gc_interval: same('15mins'),
  registry_max_agent_age: same('2weeks'),
  registry_max_agent_count: same('102400'),
  registry_store_timeout: same('20secs'),
  registry_strict: none('no longer has an effect in Mesos either'),
  require_agent_domain: same('false'),
  role_sorter: refused('only dominant resource fairness is there', ['drf']),
  roles: same(),
  root_submissions: same('true'),
  ssl_ca_file: same(),
  ssl_cert_file: same(),
  ssl_ciphers: same(),
  ssl_ecdh_curves: same(),
  ssl_enable_tls_v1_0: same('false'),
  ssl_enable_tls_v1_1: same('false'),
  ssl_enable_tls_v1_2: same('true'),
  ssl_enable_tls_v1_3: differs('enabled unless it is switched off', 'true'),
  ssl_enabled: differs(
    'of libprocess, from `LIBPROCESS_SSL_ENABLED` and its kind in the environment; here flags too',
    'false',
  ),
  ssl_key_file: same(),
  ssl_require_client_cert: same('false', { formerly: 'ssl_require_cert' }),
  ssl_support_downgrade: differs(
    'both are taken on the port; a peer is answered as its own last message came',
    'false',
  ),
  ssl_verify_server_cert: same('false', { formerly: 'ssl_verify_cert' }),
  store: differs('ours: `sqlite:/path`, or `etcd://host:2379,…` for masters on several machines'),
  version: none('`orchestrator --version` says it'),
  webui_dir: none('the console is a daemon of its own'),
  weights: none('set them with UPDATE_WEIGHTS; the flag is deprecated in Mesos'),
  whitelist: none('deactivate agents instead'),
  work_dir: differs('made when it is not there; holds the registry unless `--store` says otherwise'),
  zk: same(),
  zk_session_timeout: differs(
    'shorter than the 10 s of Mesos, so that the next leader is there in less than that after a crash; a master that is held up for longer than this loses its leadership',
    '5secs',
  ),
};
