/** From arguments, environment and file to a checked configuration. Heavy: a probe that runs does not have it loaded. */
import { type Config, loadConfig } from '@orchestrator/runtime/config';
import { describeSchema } from '@orchestrator/runtime/config-reference';
import type { Environment } from '../daemon/secrets.ts';
import { aliases, readArguments } from './arguments.ts';
import { probeConfigSchema } from './schema.ts';

/** `ORCHESTRATOR_PROBE_HOST_NAME` is `host.name`. */
const configEnvPrefix = 'ORCHESTRATOR_PROBE_';

/** Checked, frozen and without secrets: it says where they are. */
export type ProbeConfig = Config<typeof probeConfigSchema>;

/**
 * @returns undefined if help is asked for
 * @throws ProbeError `config` for what is no flag
 * @throws ConfigError with file, line, key, value and remedy of everything that is wrong
 */
export function loadProbeConfig(args: readonly string[], environment: Environment): ProbeConfig | undefined {
  const { file, flags, help } = readArguments(args);
  if (help) return undefined;
  return loadConfig({
    schema: probeConfigSchema,
    env: environment,
    envPrefix: configEnvPrefix,
    flags,
    ...(file === undefined ? {} : { file }),
  });
}

/** What `--help` says: every key with its default and meaning. */
export function probeUsage(): string {
  const keys = describeSchema(probeConfigSchema, { envPrefix: configEnvPrefix }).filter(
    ({ key }) => !key.includes('['),
  );
  const width = Math.max(...keys.map(({ key }) => key.length));
  const rows = keys.map(
    ({ key, description, ...row }) =>
      `  --${key.padEnd(width)}  ${description}${row.default === '' ? '' : ` (${row.default})`}`,
  );
  const short = Object.entries(aliases).map(([name, key]) => `  --${name} is --${key}`);
  return [
    'orchestrator probe [flags] [app …]',
    '',
    'Sees what runs on this host and tells it to the apps: host:port (gRPC), grpcs://host:port, https://host:port.',
    '',
    '  --config FILE    YAML or JSON with the keys below',
    '  --SOURCE, --no-SOURCE    whether a source looks: host, process, docker, connection, plugin, mesos, zookeeper, kubernetes',
    ...short,
    '',
    ...rows,
    '',
    `Each key is also a variable: host.name is ${configEnvPrefix}HOST_NAME. Flags win over variables, these over the file.`,
    '',
  ].join('\n');
}
