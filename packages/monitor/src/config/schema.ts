/** The configuration of `orchestrator monitor`: one schema for the file, the environment and the flags. */
import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const role = z.enum(['viewer', 'operator', 'admin']);
const webUrl = z.url({ protocol: /^https?$/, error: 'expected a URL that begins with https:// or http://' });

/** Where a secret is. The secret itself never stands in the configuration. */
const secretReference = z
  .strictObject({
    file: z.string().min(1).optional().describe('File that holds the secret, and nothing else'),
    env: z.string().min(1).optional().describe('Environment variable that holds the secret'),
  })
  .refine(({ file, env }) => (file === undefined) !== (env === undefined), {
    message: 'expected exactly one of file and env',
  })
  .meta({
    secret: false,
    remedy: 'write {file: /path} or {env: NAME}; a secret itself does not belong into this file',
  });

const tls = z.strictObject({
  cert: z.string().min(1).describe('PEM file of the certificate chain'),
  key: z.string().min(1).meta({ secret: false }).describe('PEM file of its private key'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the authorities of client certificates, which are then required'),
});

const oidc = z.strictObject({
  issuer: webUrl.describe('Of the OpenID Connect provider; http on loopback only'),
  clientId: z.string().min(1),
  clientSecret: secretReference.optional().describe('Without it, PKCE alone'),
  externalUrl: webUrl.describe('Under which browsers reach this server'),
  scopes: z.array(z.string()).default(['openid', 'profile', 'email']),
  label: z.string().min(1).default('Single sign-on').describe('On the page where people log in'),
  nameClaim: z.string().min(1).default('email').describe('Claim that is the name of the person'),
  rolesClaim: z.string().min(1).default('groups').describe('Claim that holds groups, one or a list'),
  roles: z.record(z.string(), role).default({}).describe('Role by group; the highest counts'),
  otherwise: z
    .enum(['viewer', 'nobody'])
    .default('nobody')
    .describe('What people are who are in none of the groups'),
  hours: z.number().min(0.1).max(168).default(12).describe('How long one login lasts'),
});

const coordinator = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected small letters, digits and dashes')
    .describe('By which it is asked for here'),
  url: webUrl.describe('Base URL of its REST API'),
  token: secretReference.optional().describe('Bearer token; it never leaves this server'),
  ca: z.string().min(1).optional().describe('PEM file of the authorities of its certificate'),
});

export const monitorConfigSchema = z.strictObject({
  workDir: z.string().min(1).default('./monitor').describe('Folder of accounts, audit log and history'),
  http: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address for browsers and clients'),
      port: port.default(4040).describe('0 for any free one'),
      tls: tls.optional(),
      allowedOrigins: z
        .array(webUrl)
        .default([])
        .describe('Other origins whose pages may write and follow views'),
      compressWebSockets: z
        .boolean()
        .default(false)
        .describe('For clients far away: less on the wire, much more processor time'),
      allowOpenAccess: z
        .boolean()
        .default(false)
        .describe('With auth off: listen on addresses others can reach'),
    })
    .prefault({}),
  probes: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address that probes dial'),
      port: port.default(4041).describe('0 for any free one'),
      tls: tls.optional(),
      tokens: z
        .array(secretReference)
        .default([])
        .meta({ secret: false })
        .describe('Of which a probe must send one; may be empty on a loopback address only'),
    })
    .prefault({}),
  auth: z
    .strictObject({
      mode: z
        .enum(['on', 'off'])
        .default('on')
        .describe('off: whoever can reach the address may do everything'),
      tokens: z
        .array(z.strictObject({ name: z.string().min(1), role, token: secretReference }))
        .default([])
        .meta({ secret: false })
        .describe('Bearer tokens of programs; people have accounts'),
      oidc: oidc.optional(),
    })
    .prefault({}),
  controls: z
    .strictObject({
      hostShell: z.boolean().default(false).describe('Whether administrators may open shells on hosts'),
      roles: z
        .record(z.string(), role)
        .default({})
        .describe('Roles that controls need; operator where nothing is said'),
    })
    .prefault({}),
  views: z
    .strictObject({
      roles: z
        .record(z.string(), role)
        .default({})
        .describe('Roles that views need, by id; viewer where nothing is said'),
    })
    .prefault({}),
  cluster: z
    .strictObject({
      master: z
        .string()
        .min(1)
        .optional()
        .describe('Mesos masters that are shown: zk://HOST:PORT,…/PATH or HOST:PORT,…'),
      scheme: z.enum(['http', 'https']).default('http').describe('How masters and agents are spoken to'),
      principal: z
        .string()
        .min(1)
        .optional()
        .describe('Sent to masters and agents as HTTP Basic, with `secret`'),
      secret: secretReference.optional().describe('Of `principal`; alone: a bearer token'),
    })
    .prefault({}),
  migrations: z
    .strictObject({
      coordinators: z
        .array(coordinator)
        .default([])
        .meta({ secret: false })
        .describe('Servers of zk-migrate whose migrations are shown'),
    })
    .prefault({}),
  sharing: z
    .strictObject({
      store: z
        .string()
        .regex(/^(etcd|sqlite):/)
        .optional()
        .describe('etcd://HOST:PORT,… in which instances that share their probes find each other'),
      address: z.string().min(1).optional().describe('HOST:PORT at which the others reach probes.port'),
      token: secretReference.optional().describe('One of probes.tokens; default the first'),
      ca: z
        .string()
        .min(1)
        .optional()
        .describe('PEM file of the authorities of the instances, with probes.tls'),
    })
    .prefault({}),
  remoteWrite: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe("Of Prometheus' remote write, or what understands it"),
      token: secretReference.optional().describe('Bearer token'),
      everyMs: z.int().min(1_000).default(15_000).describe('Between two writes'),
      labels: z.record(z.string(), z.string()).default({}).describe('Given to every series'),
    })
    .prefault({}),
  collector: z
    .strictObject({
      windowMs: z
        .int()
        .min(1_000)
        .max(600_000)
        .default(15_000)
        .describe('How long what a lost probe knew is shown'),
      probes: z.int().min(1).default(1_000).describe('Most probes'),
      nodesPerProbe: z.int().min(1).default(200_000).describe('Most nodes of one probe'),
      nodes: z.int().min(1).default(1_000_000).describe('Most nodes of all probes'),
    })
    .prefault({}),
  history: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether metrics and pictures of the past are kept'),
      days: z.int().min(1).max(365).default(14).describe('How far back at most'),
      pictureEveryMs: z.int().min(5_000).default(60_000).describe('Between two pictures of everything'),
      maxPictureMb: z
        .int()
        .min(1)
        .default(1_024)
        .describe('All pictures together; the oldest are forgotten first'),
      maxSeries: z.int().min(1).default(50_000).describe('Most metrics of nodes that are kept at once'),
    })
    .prefault({}),
});

export type MonitorConfig = z.output<typeof monitorConfigSchema>;
export type SecretReference = z.output<typeof secretReference>;
