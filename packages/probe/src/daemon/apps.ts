import { readFileSync } from 'node:fs';
import type { ProbeConfig } from '../config/load.ts';
import { ProbeError } from '../errors.ts';
import type { AppOptions, AppTls } from '../transport/app-config.ts';
import { type Environment, readSecret } from './secrets.ts';

type AppConfig = Exclude<ProbeConfig['apps'][number], string>;
type TlsConfig = NonNullable<ProbeConfig['tls']>;

/** `host:port` and `grpc://host:port` are plain gRPC, `grpcs://` is TLS. */
function addressOf(app: string): AppConfig {
  const trimmed = app.replace(/\/$/, '');
  if (/^https?:\/\//.test(trimmed)) return { http: trimmed };
  if (trimmed.startsWith('grpcs://')) return { grpc: trimmed.slice('grpcs://'.length), tls: {} };
  return { grpc: trimmed.replace(/^grpc:\/\//, '') };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ProbeError(`${file} cannot be read`, {
      code: 'config',
      cause,
      remedy: 'check the path and its permissions',
    });
  }
}

const readTls = ({ ca, cert, key }: TlsConfig): AppTls => ({
  ...(ca === undefined ? {} : { ca: readPem(ca) }),
  ...(cert === undefined ? {} : { cert: readPem(cert) }),
  ...(key === undefined ? {} : { key: readPem(key) }),
});

/**
 * The apps, each as it is at the moment of a connection: files with tokens and certificates are read anew for each, so that
 * they can be replaced while the probe runs.
 */
export function appsOf(config: ProbeConfig, environment: Environment): (() => AppOptions)[] {
  return config.apps.map((given) => {
    const { grpc, http, ...own } = typeof given === 'string' ? addressOf(given) : given;
    const token = own.token ?? config.token;
    const tls = own.tls === undefined ? config.tls : { ...config.tls, ...own.tls };
    return () => ({
      ...(grpc === undefined ? {} : { grpc }),
      ...(http === undefined ? {} : { http }),
      ...(token === undefined ? {} : { token: readSecret(token, environment) }),
      ...(tls === undefined ? {} : { tls: readTls(tls) }),
    });
  });
}
