/** The configuration of `orchestrator probe`: one schema for the file, the environment and the flags. */
import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const text = z.string().min(1);

/** Where a secret is. The secret itself never stands in the configuration. */
const secretReference = z
  .strictObject({
    file: text
      .optional()
      .describe('File that holds the secret, and nothing else; read anew for each connection'),
    env: text.optional().describe('Environment variable that holds the secret'),
  })
  .refine(({ file, env }) => (file === undefined) !== (env === undefined), {
    message: 'expected exactly one of file and env',
  })
  .meta({
    secret: false,
    remedy: 'write {file: /path} or {env: NAME}; a secret itself does not belong into this file',
  });

const tls = z.strictObject({
  ca: text.optional().describe('PEM file of the authorities; default: those of the system'),
  cert: text.optional().describe('PEM file of a client certificate'),
  key: text.optional().meta({ secret: false }).describe('PEM file of its private key'),
});

const url = z.url({ protocol: /^https?$/, error: 'expected a URL such as http://10.0.0.1:5051' });

const app = z.strictObject({
  grpc: text.optional().describe('`host:port` of its gRPC service'),
  http: url.optional().describe('URL of its HTTP API, used where gRPC does not get through'),
  token: secretReference.optional(),
  tls: tls.optional(),
});

const appAddress = text.regex(/^(grpcs?:\/\/|https?:\/\/)?[^\s/]+(:\d+)?\/?$/, {
  message: 'expected host:port, grpc://, grpcs://, http:// or https://',
});

const enabled = (preset: boolean) => z.boolean().default(preset).describe('Whether it looks');
const everyMs = (preset: number, least: number, what: string) =>
  z.int().min(least).max(3_600_000).default(preset).describe(what);

const sources = z.strictObject({
  host: z.strictObject({ enabled: enabled(true) }).prefault({}),
  process: z
    .strictObject({
      enabled: enabled(true),
      everyMs: everyMs(5_000, 500, 'Between two looks'),
      limit: z.int().min(1).default(5_000).describe('Most processes shown: the longest-lived'),
    })
    .prefault({}),
  docker: z
    .strictObject({
      enabled: enabled(true),
      socket: text.default('/var/run/docker.sock').describe('Unix socket of the Docker Engine'),
      controls: z.boolean().default(true).describe('Start, stop, exec, logs and so on from the console'),
      files: z.boolean().default(true).describe('Files of containers in the console; needs controls'),
      stoppedLimit: z.int().min(0).default(100).describe('Most containers shown that do not run'),
      metricsEveryMs: everyMs(3_000, 500, 'Between two readings of usage'),
    })
    .prefault({}),
  connection: z
    .strictObject({
      enabled: enabled(true),
      conntrack: z.boolean().default(true).describe('Follow connection tracking'),
      sockets: z.boolean().default(true).describe('Look at sockets for what is not tracked'),
      limit: z.int().min(1).default(32_768).describe('Most connections followed'),
    })
    .prefault({}),
  plugin: z
    .strictObject({
      enabled: enabled(true),
      folder: text.default('/var/run/orchestrator/plugins').describe('Folder of sockets, `<id>.sock` each'),
    })
    .prefault({}),
  mesos: z
    .strictObject({
      enabled: enabled(false),
      agent: url.default('http://127.0.0.1:5051').describe('The Mesos agent of this host'),
      masters: z
        .array(url)
        .default([])
        .describe('Masters to ask for agents and frameworks; on one probe of a cluster'),
      marathon: z.array(url).default([]).describe('Marathons to ask for apps; on one probe of a cluster'),
      everyMs: everyMs(5_000, 1_000, 'Between two looks at the agent'),
      principal: text.optional().describe('For agent, masters and Marathon, with `secret`'),
      secret: secretReference.optional(),
    })
    .prefault({}),
  zookeeper: z
    .strictObject({
      enabled: enabled(false),
      servers: z
        .array(text.regex(/^[^\s:]+:\d+$|^\[[0-9a-fA-F:]+\]:\d+$/, { message: 'expected host:port' }))
        .default([])
        .describe('Servers to ask for their role, `host:port` each; on one probe of an ensemble'),
      coordinator: url.optional().describe('A coordinator of zk-migrate, for what is synchronised'),
      token: secretReference.optional().describe('For the coordinator'),
      everyMs: everyMs(5_000, 1_000, 'Between two looks'),
    })
    .prefault({}),
  kubernetes: z
    .strictObject({
      enabled: enabled(false),
      api: url.optional().describe('Default: as a pod is told by its environment'),
      token: secretReference.optional().describe("Default: the pod's service account"),
      ca: text.optional().describe("PEM file; default: the service account's"),
      controls: z.boolean().default(true).describe('Scale, delete and logs from the console'),
      lease: text
        .regex(/^[a-z0-9-]+\/[a-z0-9.-]+$/, { message: 'expected namespace/name' })
        .default('default/orchestrator-probe')
        .describe('`namespace/name` of the lease by which one probe of a cluster is elected'),
    })
    .prefault({}),
});

export const probeConfigSchema = z.strictObject({
  apps: z
    .array(z.union([appAddress, app]))
    .default(['127.0.0.1:4041'])
    .meta({ secret: false })
    .describe('Monitors to report to; each gets everything'),
  token: secretReference.optional().describe('For apps that name none of their own'),
  tls: tls.optional().describe('For apps that name none of their own'),
  probeId: text.optional().describe('Unique among probes; default: host.id'),
  host: z
    .strictObject({
      id: text.optional().describe('Unique among hosts; default: the host name'),
      name: text.optional().describe('As shown; default: the host name'),
      procRoot: text.default('/proc').describe("Where the host's /proc is"),
      sysRoot: text.default('/sys').describe("Where the host's /sys is"),
    })
    .prefault({}),
  sources: sources.prefault({}),
  showSecrets: z
    .boolean()
    .default(false)
    .meta({ secret: false })
    .describe('Show the values of variables and options that are called as secrets are'),
  hostShell: z.boolean().default(false).describe('A shell on this host for administrators of the apps'),
  metrics: z
    .strictObject({
      host: text.default('127.0.0.1').describe('Address of /metrics and /health'),
      port: port.default(4042).describe('0 for any free one'),
      enabled: z.boolean().default(true).describe('Whether there is one'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('Least that is logged'),
    })
    .prefault({}),
});
