/** Configuration of a coordinator's server: `zk-migrate serve`, and the one inside `zk-migrate start`. */
import { readFileSync } from 'node:fs';
import { readSecret, secretReference } from '@orchestrator/migration';
import { type Config, type HttpServerOptions, loadConfig } from '@orchestrator/runtime';
import { openStore, type Store } from '@orchestrator/store';
import { z } from 'zod';
import { CliError } from '../../program/errors.ts';
import { serverEnvPrefix } from '../environment.ts';

const file = z.string().min(1);

export const serverConfigSchema = z.strictObject({
  listen: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address to listen at; any but loopback needs tls and tokens'),
      port: z.int().min(0).max(65_535).default(0).describe('Port of the API; 0: any free one'),
    })
    .prefault({}),
  tls: z
    .strictObject({
      cert: file.describe('PEM file of the certificate chain'),
      key: file.meta({ secret: false }).describe('PEM file of its private key'),
    })
    .optional(),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('Stands in the audit log'),
        role: z
          .enum(['viewer', 'operator', 'admin'])
          .describe('viewer reads, operator acts, admin creates migrations too'),
        token: secretReference.meta({ secret: false }).describe('Where the bearer token is'),
      }),
    )
    .default([])
    .describe('Who may use the API, besides commands of the same user on this machine'),
  store: z
    .strictObject({
      url: z
        .string()
        .min(1)
        .optional()
        .describe('sqlite:FILE or etcd://host:port,…/namespace; default: a file in the work folder'),
      ca: file.optional().describe('PEM file of the authorities of etcd'),
      cert: file.optional().describe('PEM file of our certificate for etcd'),
      key: file.optional().meta({ secret: false }).describe('PEM file of its private key'),
      user: z.string().min(1).optional().describe('User of etcd'),
      password: secretReference.meta({ secret: false }).optional().describe('Where its password is'),
    })
    .prefault({}),
  instance: z
    .string()
    .min(1)
    .optional()
    .describe('Name of this coordinator; must differ between coordinators; default: host and process'),
  lease_sec: z.number().min(1).default(10).describe('How long others wait after this coordinator has died'),
  log_level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('What is logged'),
});

export type ServerConfig = Config<typeof serverConfigSchema>;

export interface LoadServerConfigOptions {
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** By dotted key. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** @throws ConfigError naming everything that is wrong */
export const loadServerConfig = ({ file: path, env, flags }: LoadServerConfigOptions): ServerConfig =>
  loadConfig({
    schema: serverConfigSchema,
    ...(path === undefined ? {} : { file: path }),
    env,
    envPrefix: serverEnvPrefix,
    flags,
  });

function readNamed(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliError('config', `${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      remedy: "the server's configuration names it: check the path, and that this user may read it",
    });
  }
}

const defined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;

/** @throws StoreError when it cannot be opened */
export async function openConfiguredStore({ store }: ServerConfig, defaultUrl: string): Promise<Store> {
  const { url = defaultUrl, ca, cert, key, user, password } = store;
  const tls = { ca: ca && readNamed(ca), cert: cert && readNamed(cert), key: key && readNamed(key) };
  return openStore(url, {
    ...(ca === undefined ? {} : { tls: defined(tls) }),
    ...(user === undefined || password === undefined
      ? {}
      : { auth: { user, password: await readSecret(password) } }),
  });
}

/** What commands on this machine trust: the very certificate that the server shows, whatever name it was made out to. */
export const certificateOf = ({ tls }: ServerConfig): { pinned?: string } =>
  tls === undefined ? {} : { pinned: readNamed(tls.cert) };

const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host);

/** @param ownToken admits commands of the same user on this machine */
export async function httpOptionsOf(
  { listen, tls, tokens }: ServerConfig,
  ownToken: string,
): Promise<Pick<HttpServerOptions, 'host' | 'port' | 'tls' | 'auth'>> {
  if (!isLoopback(listen.host) && (tls === undefined || tokens.length === 0))
    throw new CliError('config', `listening at ${listen.host} is for others, and needs tls and tokens`, {
      remedy: 'set both in the file of serve --config, or listen at 127.0.0.1',
    });
  const others = await Promise.all(
    tokens.map(async ({ name, role, token }) => ({ name, role, token: await readSecret(token) })),
  );
  return {
    host: listen.host,
    port: listen.port,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            cert: readNamed(tls.cert),
            key: readNamed(tls.key),
          },
        }),
    auth: { tokens: [{ name: 'local', role: 'admin', token: ownToken }, ...others] },
  };
}
