/**
 * The configuration file of a migration: one schema, from which the file is checked, the API's bodies are checked, and the
 * reference in the documentation is generated.
 */
import { z } from 'zod';
import { secretReference } from './secret.ts';

const portNumber = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const hostPort = `[^\\s,/:]+:${portNumber}`;
const connectString = z
  .string()
  .regex(
    new RegExp(`^${hostPort}(,${hostPort})*$`),
    'expected host:port,host:port,… with ports up to 65535 and without a chroot',
  )
  .meta({ remedy: 'write it like "10.0.1.10:2181,10.0.1.11:2181"; choose paths with sync.paths_to_sync' });
const hostPorts = (what: string) =>
  z
    .array(z.string().regex(new RegExp(`^${hostPort}$`), 'expected host:port'))
    .default([])
    .describe(what);
const port = z.int().min(1).max(65_535);
const path = z
  .string()
  .regex(/^\/$|^(\/[^/\0]+)+$/, 'expected an absolute path without a slash at its end')
  .meta({ remedy: 'write it like "/mesos"' });

const digest = z.strictObject({
  username: z.string().min(1).describe('SASL DIGEST-MD5 user'),
  password: secretReference.describe('Where its password is'),
});

const tlsFiles = z.strictObject({
  ca: z.string().min(1).describe('PEM file of the authorities trusted'),
  cert: z.string().min(1).optional().describe('PEM file of our own certificate chain'),
  key: z.string().min(1).optional().meta({ secret: false }).describe('PEM file of its private key'),
});

const serverSchema = z.strictObject({
  id: z.int().min(1).max(255).describe('Number of the server (myid)'),
  host: z.string().min(1).default('127.0.0.1').describe('Address for clients and for the other servers'),
  client_port: port.default(2181).describe('Port for clients'),
  quorum_port: port.default(2888).describe('Port of the leader for followers and observers'),
  election_port: port.default(3888).describe('Port for leader election'),
  admin_port: z.int().min(0).max(65_535).default(0).describe('Port of the admin server; 0: none'),
  data_folder: z.string().min(1).optional().describe('Folder of its snapshots and logs (dataDir)'),
  config_file: z.string().min(1).optional().describe('Its zoo.cfg, when the server exists already'),
});

const servers = z
  .array(serverSchema)
  .min(1)
  .refine((list) => new Set(list.map((server) => server.id)).size === list.length, 'two servers share an id')
  .describe('Every server of the ensemble');

const ownConfiguration = {
  version: z
    .string()
    .regex(/^\d+\.\d+(\.\d+)?$/, 'expected a version like 3.8.4')
    .optional()
    .describe("Version of ZooKeeper there; default: the source's"),
  settings: z
    .record(z.string().regex(/^[A-Za-z][\w.-]*$/), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Lines of zoo.cfg that differ from what is derived from the source'),
  java_options: z.array(z.string()).default([]).describe('Further options of the JVM; no secrets'),
};

const deploy = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z
          .literal('adopt')
          .describe('The ensemble is run by someone else and stays as it is')
          .meta({ remedy: 'choose one of adopt, manual, local, ssh and command' }),
      }),
      z.strictObject({
        kind: z.literal('manual').describe('Instructions are printed, and the result awaited'),
        servers: servers.optional(),
        ...ownConfiguration,
      }),
      z.strictObject({
        kind: z.literal('local').describe('Processes on this machine'),
        servers,
        folder: z
          .string()
          .min(1)
          .optional()
          .describe('Holds one folder per server; default: in the work folder'),
        install: z
          .string()
          .min(1)
          .optional()
          .describe("ZooKeeper's own folder (with lib/); default: Debian's package"),
        java: z.string().min(1).default('java').describe('The Java to run it with'),
        ...ownConfiguration,
      }),
      z.strictObject({
        kind: z.literal('ssh').describe('Machines reached by ssh, without passwords'),
        servers,
        folder: z
          .string()
          .min(1)
          .default('/var/lib/orchestrator-zookeeper')
          .describe('Folder on each machine'),
        install: z
          .string()
          .min(1)
          .default('/usr/share/zookeeper')
          .describe("ZooKeeper's folder on each machine"),
        java: z.string().min(1).default('java').describe('The Java to run it with'),
        user: z
          .string()
          .regex(/^[\w][\w.-]*$/)
          .optional()
          .describe('User to log in as'),
        port: port.default(22).describe('Port of sshd'),
        identity_file: z
          .string()
          .min(1)
          .optional()
          .describe('Private key to log in with; default: as ssh decides'),
        known_hosts_file: z.string().min(1).optional().describe('Host keys; an unknown host is refused'),
        start_command: z.string().min(1).optional().describe('Instead of starting java; run on each machine'),
        stop_command: z
          .string()
          .min(1)
          .optional()
          .describe('Instead of sending SIGTERM; run on each machine'),
        ...ownConfiguration,
      }),
      z.strictObject({
        kind: z.literal('command').describe("The operator's own program; its contract is in deployers.md"),
        command: z.array(z.string().min(1)).min(1).describe('The program and its first arguments'),
        timeout_sec: z.int().min(1).default(600).describe('After this a call counts as failed'),
        environment: z.array(z.string()).default([]).describe('Variables that are handed on to it'),
        servers: servers.optional(),
        ...ownConfiguration,
      }),
    ],
    { error: 'not a kind of deployment' },
  )
  .describe('How its servers are deployed, started and stopped');

const cluster = {
  quorum_servers: hostPorts(
    'Quorum ports; with them changes are captured as an observer, which is exact and fast',
  ),
  auth: z
    .array(
      z.strictObject({
        scheme: z.string().min(1).default('digest').describe('Authentication scheme of ZooKeeper'),
        credential: secretReference.describe('Where its credential is; user:password for digest'),
      }),
    )
    .default([])
    .describe('Added to every session; with the super user no node is out of reach'),
  sasl: digest.optional(),
  tls: tlsFiles.optional(),
  quorum_sasl: digest.optional(),
  quorum_tls: tlsFiles.optional(),
  mesos_masters: hostPorts('Mesos masters; for the phases 2 to 5'),
  mesos_agents: hostPorts('Mesos agents; for the phases 2 to 5'),
};

const sourceSchema = z.strictObject({
  zookeeper: connectString.describe('Client ports of the ensemble'),
  ...cluster,
  deploy: deploy.prefault({ kind: 'manual' }),
});

const targetSchema = z.strictObject({
  zookeeper: connectString.optional().describe('Client ports of the ensemble; default: of deploy.servers'),
  ...cluster,
  deploy: deploy.prefault({ kind: 'adopt' }),
});

const captureMode = z.enum(['auto', 'observer', 'watch', 'scan']).default('auto');

const syncSchema = z.strictObject({
  lag_threshold_ms: z.int().min(1).default(100).describe('Success of phase 1 needs a lag below this'),
  conflict_resolution: z
    .enum(['last-write-wins', 'source-wins', 'manual'])
    .default('last-write-wins')
    .describe('What happens to a node that was changed on both sides at once'),
  paths_to_sync: z.array(path).min(1).default(['/']).describe('Subtrees that are migrated'),
  excludes: z.array(path).default([]).describe('Subtrees below them that are not'),
  election_groups: z.array(path).default([]).describe('Parents of election members, such as /mesos'),
  capture: z
    .strictObject({
      source: captureMode.describe('How changes of the source are captured'),
      target: captureMode.describe('How changes of the target are captured'),
    })
    .prefault({}),
  sequence_gap: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .describe("Distance between the two sides' sequence numbers; default 1,000,000 seeded, 10,000 adopted"),
  max_nodes_in_memory: z.int().min(1_000).default(1_000_000).describe('Above it the index goes to disk'),
  adopt_target: z.boolean().default(false).describe('Accept a target that holds other data already'),
  settle_timeout_sec: z.int().min(1).default(120).describe('How long everything may take to arrive'),
});

const orchestrationSchema = z.strictObject({
  require_manual_approval: z
    .boolean()
    .default(true)
    .describe('Wait for advance before each phase but the first'),
  health_check_interval_sec: z
    .number()
    .min(0.1)
    .default(10)
    .describe('How often health and gates are looked at'),
  rollback_retention_hours: z
    .number()
    .min(0)
    .default(72)
    .describe('How long after the end a rollback is kept possible'),
  quiet_period_sec: z
    .number()
    .min(0)
    .default(10)
    .describe('How long the source must be without clients before it is shut down'),
  start_timeout_sec: z.int().min(1).default(300).describe('How long an ensemble may take to start or stop'),
});

const webUrl = z.url({ protocol: /^https?$/, error: 'expected a URL that begins with https:// or http://' });

const alertsSchema = z.strictObject({
  slack_webhook: webUrl.optional().meta({ secret: true }).describe('Slack webhook for alerts'),
  webhook: z
    .strictObject({
      url: webUrl.meta({ secret: true }).describe('Gets each alert as JSON by POST'),
      authorization: secretReference.optional().describe('Value of its Authorization header'),
    })
    .optional(),
  pagerduty: z
    .strictObject({
      routing_key: secretReference.describe('Integration key of the service'),
      url: webUrl
        .default('https://events.pagerduty.com/v2/enqueue')
        .describe('Events API v2; another for the EU, or for what understands the same'),
    })
    .optional(),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('A program and its arguments; gets each alert as JSON on standard input'),
  email: z.array(z.email()).default([]).describe('Addresses for alerts'),
  sendmail: z
    .array(z.string().min(1))
    .min(1)
    .default(['/usr/sbin/sendmail', '-i', '-t'])
    .describe('The program that takes mail, with its recipients in the header'),
  lag_threshold_ms: z.int().min(1).default(500).describe('Alert when the lag is above this'),
  conflicts_per_min: z.int().min(1).default(60).describe('Alert when there are more conflicts than this'),
});

const archiveSchema = z
  .strictObject({
    folder: z.string().min(1).describe('Where archives are kept'),
    key_file: z.string().min(1).optional().describe('File with the key: 32 bytes, 64 hex digits or base64'),
    key_env: z.string().min(1).optional().describe('Environment variable with the key, in hex or base64'),
    passphrase_file: z.string().min(1).optional().describe('File with a passphrase instead of a key'),
    passphrase_env: z
      .string()
      .min(1)
      .optional()
      .describe('Environment variable with a passphrase instead of a key'),
    sources: z
      .array(z.string().min(1))
      .default([])
      .describe("Folders on this machine to archive, when the source's deployer does not know them"),
  })
  .refine(
    ({ folder: _, sources: __, ...keys }) =>
      Object.values(keys).filter((key) => key !== undefined).length === 1,
    { message: 'expected exactly one of key_file, key_env, passphrase_file and passphrase_env' },
  );

export const migrationConfigSchema = z
  .strictObject({
    migration: z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'expected letters, digits, ".", "_" and "-", at most 63')
        .describe('Name of the migration, shown everywhere'),
      source: sourceSchema.describe('The ensemble to move away from: Cluster-A'),
      target: targetSchema.describe('The ensemble to move to: Cluster-B'),
      sync: syncSchema.prefault({}),
      orchestration: orchestrationSchema.prefault({}),
      alerts: alertsSchema.prefault({}),
      archive: archiveSchema.optional(),
    }),
  })
  .refine(
    ({ migration: { target } }) =>
      target.deploy.kind === 'adopt' ? target.zookeeper !== undefined : target.deploy.servers !== undefined,
    {
      path: ['migration', 'target'],
      message: 'needs zookeeper for an ensemble that runs already, or deploy.servers for one to be deployed',
    },
  );

export type MigrationConfigFile = z.output<typeof migrationConfigSchema>;
export type MigrationConfig = MigrationConfigFile['migration'];
export type ClusterConfig = MigrationConfig['source'] | MigrationConfig['target'];
export type ServerConfig = z.output<typeof serverSchema>;
