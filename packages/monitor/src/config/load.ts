import { readFileSync } from 'node:fs';
import { type Config, loadConfig } from '@orchestrator/runtime';
import { MonitorError } from '../errors.ts';
import { monitorConfigSchema, type SecretReference } from './schema.ts';

/** `ORCHESTRATOR_MONITOR_HTTP_PORT` is `http.port`. */
export const configEnvPrefix = 'ORCHESTRATOR_MONITOR_';

export interface LoadMonitorConfigOptions {
  /** YAML or JSON. */
  readonly file?: string;
  /** By dotted key: `http.port`. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export type LoadedMonitorConfig = Config<typeof monitorConfigSchema>;

/** @throws ConfigError with file, line, key, value and remedy of everything that is wrong */
export function loadMonitorConfig(options: LoadMonitorConfigOptions = {}): LoadedMonitorConfig {
  const { file, flags = {}, env } = options;
  return loadConfig({
    schema: monitorConfigSchema,
    ...(file === undefined ? {} : { file }),
    ...(env === undefined ? {} : { env, envPrefix: configEnvPrefix }),
    flags,
  });
}

/** @throws MonitorError `config`; what the file holds is never quoted */
export function readConfigFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new MonitorError('config', `${file} cannot be read`, {
      cause,
      remedy: 'check the path and its permissions',
    });
  }
}

/** @throws MonitorError `config` when the file or variable is missing or empty; its content is never quoted */
export function readSecret(
  { file, env }: Readonly<SecretReference>,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const value =
    env === undefined
      ? readConfigFile(file ?? '')
          .toString()
          .replace(/\r?\n$/, '')
      : environment[env];
  if (value !== undefined && value !== '') return value;
  throw new MonitorError('config', `the secret in ${env ?? file} is empty or not set`);
}
