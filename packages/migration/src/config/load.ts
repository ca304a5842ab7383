/** Migration configurations from a file with flags over it, or from the body of a request. */
import { loadConfig } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';
import { type MigrationConfig, type MigrationConfigFile, migrationConfigSchema } from './schema.ts';

export interface LoadMigrationConfigOptions {
  /** YAML or JSON in the documented format. */
  readonly file?: string;
  /** By dotted key: `migration.source.zookeeper`. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const configEnvPrefix = 'ZK_MIGRATE_';

/** @throws ConfigError with file, line, key, value and remedy of everything that is wrong */
export function loadMigrationConfig(options: LoadMigrationConfigOptions): MigrationConfig {
  const { file, flags = {}, env } = options;
  const loaded = loadConfig({
    schema: migrationConfigSchema,
    ...(file === undefined ? {} : { file }),
    ...(env === undefined ? {} : { env, envPrefix: configEnvPrefix }),
    flags,
  });
  return (loaded as MigrationConfigFile).migration;
}

/** What `POST /api/v1/migrations` takes. The two connect strings may stand beside the configuration, or in it. */
export interface MigrationRequest {
  readonly source_zk?: string | undefined;
  readonly target_zk?: string | undefined;
  /** The configuration's `migration` object, with or without that key around it. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function withAddress(cluster: unknown, zookeeper: string | undefined): unknown {
  if (zookeeper === undefined) return cluster;
  return { ...(isObject(cluster) ? cluster : {}), zookeeper };
}

/** @throws MigrationError `invalid` naming each field that is wrong */
export function parseMigrationRequest(request: MigrationRequest): MigrationConfig {
  const given = request.config ?? {};
  const inner = isObject(given.migration) ? given.migration : given;
  const merged = {
    ...inner,
    source: withAddress(inner.source, request.source_zk),
    target: withAddress(inner.target ?? {}, request.target_zk),
  };
  const parsed = migrationConfigSchema.safeParse({ migration: merged });
  if (parsed.success) return parsed.data.migration;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.slice(1).join('.') || 'config'}: ${issue.message}`,
  );
  throw new MigrationError('invalid', `the configuration cannot be used: ${problems.join('; ')}`, {
    remedy: 'correct these fields; the configuration reference says what each of them takes',
  });
}
