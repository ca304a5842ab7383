/** From the configuration to who may come in: secrets and files are read here, once, and kept only as long as needed. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthOptions, HttpServerOptions, Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { OidcServices } from '../api/oidc-routes.ts';
import { MonitorError } from '../errors.ts';
import type { ProbeServerOptions } from '../ingest/grpc-server.ts';
import type { Accounts } from '../keep/accounts.ts';
import { createOidc } from '../keep/oidc.ts';
import type { Sessions } from '../keep/sessions.ts';
import { type LoadedMonitorConfig, readConfigFile, readSecret } from './load.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const loopback = /^(localhost|::1|127\.\d+\.\d+\.\d+)$/;
const digestOf = (text: string) => createHash('sha256').update(text).digest();

/**
 * Whether a probe's token is right. Without tokens every probe is let in, where none but this machine's can come.
 *
 * @throws MonitorError `config` if there must be tokens and there are none, or one cannot be read
 */
export function probeGate(config: LoadedMonitorConfig, env: Environment): (token: string) => boolean {
  const { host, tokens } = config.probes;
  const digests = tokens.map((reference) => digestOf(readSecret(reference, env)));
  if (digests.length > 0) {
    return (token) => digests.map((digest) => timingSafeEqual(digest, digestOf(token))).includes(true);
  }
  if (config.auth.mode === 'off' || (loopback.test(host) && loopback.test(config.http.host)))
    return () => true;
  throw new MonitorError('config', `probes are listened for on ${host}, and there is no token for them`, {
    remedy: 'name files or variables with tokens in probes.tokens, or listen on 127.0.0.1',
  });
}

type TlsConfig = NonNullable<LoadedMonitorConfig['http']['tls']>;

const filesOf = ({ cert, key, ca }: TlsConfig) => ({
  cert: readConfigFile(cert),
  key: readConfigFile(key),
  ...(ca === undefined ? {} : { ca: readConfigFile(ca) }),
});

export function httpTls(tls: TlsConfig | undefined): Pick<HttpServerOptions, 'tls'> {
  if (tls === undefined) return {};
  return { tls: { ...filesOf(tls), clientCertificate: tls.ca === undefined ? 'none' : 'require' } };
}

export function probeTls(tls: TlsConfig | undefined): Pick<ProbeServerOptions, 'tls'> {
  if (tls === undefined) return {};
  return { tls: { ...filesOf(tls), clientCertificate: tls.ca !== undefined } };
}

export function authOf(
  { auth }: LoadedMonitorConfig,
  env: Environment,
  sessions: Sessions,
): AuthOptions | 'off' {
  if (auth.mode === 'off') return 'off';
  const tokens = auth.tokens.map(({ name, role, token }) => ({ name, role, token: readSecret(token, env) }));
  return { tokens, sessions: sessions.find };
}

/** @throws MonitorError `config` for a secret that cannot be read, or an issuer without TLS */
export function oidcOf({ auth }: LoadedMonitorConfig, env: Environment, clock: Clock): OidcServices['oidc'] {
  if (auth.oidc === undefined || auth.mode === 'off') return undefined;
  const { clientSecret, label, hours, ...options } = auth.oidc;
  const secret = clientSecret === undefined ? {} : { clientSecret: readSecret(clientSecret, env) };
  return { client: createOidc({ ...options, ...secret, clock }), label, lastsMs: hours * 3_600_000 };
}

const firstPasswordFile = ({ workDir }: LoadedMonitorConfig) => join(workDir, 'initial-admin-password');

/** The first password is of no use any more once another one is set. */
export function forgetFirstPassword(config: LoadedMonitorConfig, name: string): void {
  if (name === 'admin') rmSync(firstPasswordFile(config), { force: true });
}

/** Somebody must be able to log in the first time: the password is in a file that only this user can read. */
export async function makeFirstAccount(
  accounts: Accounts,
  config: LoadedMonitorConfig,
  logger: Logger,
): Promise<void> {
  if (config.auth.mode === 'off' || accounts.list().length > 0) return;
  const file = firstPasswordFile(config);
  const password = randomBytes(18).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  await accounts.put('admin', 'admin', password);
  logger.info('the account "admin" was made; change its password after the first login', { file });
}
