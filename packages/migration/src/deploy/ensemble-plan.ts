/** The servers of an ensemble and their zoo.cfg, derived from what the source runs with. Pure. */
import type { ServerConfig } from '../config/schema.ts';

export interface ServerPlan {
  readonly id: number;
  readonly host: string;
  readonly clientPort: number;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly adminPort: number;
  /** `null`: where the deployer decides. */
  readonly dataFolder: string | null;
  readonly configFile: string | null;
}

export interface EnsemblePlan {
  readonly servers: readonly ServerPlan[];
  /** Lines of zoo.cfg that are the same on each server. */
  readonly settings: Readonly<Record<string, string>>;
  /** Options of the JVM; never secrets, since everyone on the machine can read them. */
  readonly javaOptions: readonly string[];
  /** `super:<hash>` of the target's super user; goes into zoo.cfg, which only its owner can read. */
  readonly superDigest: string | null;
}

/** What the source runs with and the target does not take over, for the report. */
export interface NotCarried {
  readonly setting: string;
  readonly why: string;
}

export interface SourceSettings {
  /** From `conf`, or from the source's own zoo.cfg. */
  readonly settings: ReadonlyMap<string, string>;
  /** Of the source's JVM, when they can be read. */
  readonly javaOptions: readonly string[];
}

/** Same meaning and same value on any machine. */
const carriedSettings: readonly string[] = [
  'tickTime',
  'initLimit',
  'syncLimit',
  'connectToLearnerMasterLimit',
  'maxClientCnxns',
  'minSessionTimeout',
  'maxSessionTimeout',
  'globalOutstandingLimit',
  'snapCount',
  'commitLogCount',
  'snapSizeLimitInKb',
  'preAllocSize',
  'leaderServes',
  'cnxTimeout',
  'quorumListenOnAllIPs',
  'skipACL',
  'extendedTypesEnabled',
  'reconfigEnabled',
  'readonlymode.enabled',
  'autopurge.snapRetainCount',
  'autopurge.purgeInterval',
  'enforce.auth.enabled',
  'enforce.auth.schemes',
  'sessionRequireClientSASLAuth',
  'requireClientAuthScheme',
  'closeSessionTxn.enabled',
  'digest.enabled',
  'multiAddress.enabled',
];

/** Of one server, or decided by the plan: nothing is lost by not taking them over. */
const ownSettings =
  /^(server\.\d+|membership|serverId|clientPort(Address)?|secureClientPort(Address)?|dataDir(Size)?|dataLogDir|dataLogSize|dynamicConfigFile|version|electionAlg|electionPort|quorumPort|peerType|standaloneEnabled|admin\..*|4lw\.commands\.whitelist|localSessions.*|sslQuorum.*|ConnectToLearnerMasterLimit|clientPortListenBacklog|jvm\..*|metricsProvider\..*|observer.*)$/;

const carriedJavaOption =
  /^-D(jute\.maxbuffer|zookeeper\.(jute\.maxbuffer|extendedTypesEnabled|digest\.enabled|snapshot\.[a-z.]+))=/;

const fourLetterWords = 'srvr,ruok,mntr,conf,cons,stat,envi';

/** Lower limits, so that a snapshot of any size can be loaded and sent before the others give up waiting. */
const leastInitLimit = 10;

function carry(source: SourceSettings): { carried: Record<string, string>; notCarried: NotCarried[] } {
  const carried: Record<string, string> = {};
  const notCarried: NotCarried[] = [];
  for (const [key, value] of source.settings) {
    if (carriedSettings.includes(key)) {
      // -1 is how a server shows a limit that it has not set.
      if (value !== '-1') carried[key] = value;
    } else if (!ownSettings.test(key))
      notCarried.push({
        setting: key,
        why: 'depends on files or addresses of the source; set it in deploy.settings',
      });
  }
  for (const option of source.javaOptions) {
    if (/^-D(zookeeper|jute|java\.security)/.test(option) && !carriedJavaOption.test(option)) {
      const setting = option.slice(2).split('=')[0] ?? option;
      notCarried.push({ setting, why: 'option of the JVM; set it in deploy.java_options' });
    }
  }
  return { carried, notCarried };
}

const withDefaults = (settings: Record<string, string>): Record<string, string> => ({
  ...settings,
  tickTime: settings.tickTime ?? '2000',
  initLimit: String(Math.max(leastInitLimit, Number(settings.initLimit ?? 0))),
  syncLimit: settings.syncLimit ?? '5',
  // Without it nodes with a time to live count as ephemerals of dead sessions, and are removed.
  extendedTypesEnabled: settings.extendedTypesEnabled ?? 'true',
  'autopurge.snapRetainCount': settings['autopurge.snapRetainCount'] ?? '3',
  '4lw.commands.whitelist': fourLetterWords,
});

export interface PlanOptions {
  readonly servers: readonly ServerConfig[];
  readonly source: SourceSettings;
  readonly overrides: Readonly<Record<string, string | number | boolean>>;
  readonly javaOptions: readonly string[];
  readonly superDigest: string | null;
}

export function planServers(servers: readonly ServerConfig[]): readonly ServerPlan[] {
  return servers.map((server) => ({
    id: server.id,
    host: server.host,
    clientPort: server.client_port,
    quorumPort: server.quorum_port,
    electionPort: server.election_port,
    adminPort: server.admin_port,
    dataFolder: server.data_folder ?? null,
    configFile: server.config_file ?? null,
  }));
}

export function planEnsemble(options: PlanOptions): {
  plan: EnsemblePlan;
  notCarried: readonly NotCarried[];
} {
  const { carried, notCarried } = carry(options.source);
  const overrides = Object.fromEntries(
    Object.entries(options.overrides).map(([key, value]) => [key, String(value)]),
  );
  const javaOptions = [
    ...options.source.javaOptions.filter((option) => carriedJavaOption.test(option)),
    ...options.javaOptions,
  ];
  const settings = { ...withDefaults(carried), ...overrides };
  const servers = planServers(options.servers);
  return {
    plan: { servers, settings, javaOptions, superDigest: options.superDigest },
    notCarried: notCarried.filter(({ setting }) => !(setting in overrides)),
  };
}

/** The zoo.cfg of one server. Its mode must be 0600: it may hold the super user's digest. */
export function zooCfg(plan: EnsemblePlan, server: ServerPlan, dataFolder: string): string {
  const ordered = Object.entries(plan.settings).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines: [string, string][] = [
    ...ordered,
    ['dataDir', dataFolder],
    ['clientPort', String(server.clientPort)],
    ['admin.enableServer', String(server.adminPort !== 0)],
    ...(server.adminPort === 0 ? [] : [['admin.serverPort', String(server.adminPort)] as [string, string]]),
    // A single server has a quorum port too then, so that its changes can be captured exactly.
    ...(plan.servers.length === 1 ? [['standaloneEnabled', 'false'] as [string, string]] : []),
    ...plan.servers.map(({ id, host, quorumPort, electionPort }): [string, string] => [
      `server.${id}`,
      `${host}:${quorumPort}:${electionPort}`,
    ]),
    ...(plan.superDigest === null
      ? []
      : [['DigestAuthenticationProvider.superDigest', plan.superDigest] as [string, string]]),
  ];
  return lines.map(([key, value]) => `${key}=${value}\n`).join('');
}

/** The lines of a zoo.cfg or a `conf` answer. */
export function parseZooCfg(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const found = /^\s*([^#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
      return found?.[1] === undefined ? [] : [[found[1], found[2] ?? ''] as const];
    }),
  );
}

/** Stands in a deployed folder, so that only what is ours is ever replaced or removed. */
export const ownershipFile = 'orchestrator-migration';

/** `java` arguments that run a server; the same on this machine and on another one. */
export function serverArguments(
  plan: EnsemblePlan,
  install: string | null,
  configFile: string,
): readonly string[] {
  const debian = ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-simple.jar'];
  const classPath = install === null ? debian : [`${install}/lib/*`, `${install}/*`, ...debian];
  return [
    '-cp',
    classPath.join(':'),
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
    ...plan.javaOptions,
    'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    configFile,
  ];
}
