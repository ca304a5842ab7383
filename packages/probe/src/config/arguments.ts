import { ProbeError } from '../errors.ts';

/** Short names of keys. */
export const aliases: Readonly<Record<string, string>> = {
  'token-file': 'token.file',
  'token-env': 'token.env',
  ca: 'tls.ca',
  cert: 'tls.cert',
  key: 'tls.key',
  'docker-socket': 'sources.docker.socket',
  plugins: 'sources.plugin.folder',
  'host-id': 'host.id',
  'host-name': 'host.name',
  'log-level': 'log.level',
  'metrics-host': 'metrics.host',
  'metrics-port': 'metrics.port',
};

const sourceNames = new Set([
  ...['host', 'process', 'docker', 'connection', 'plugin', 'mesos', 'zookeeper', 'kubernetes'],
]);

/** Keys that stand for true when nothing follows. */
const switches = new Set(['show-secrets', 'host-shell', 'help']);

export interface Arguments {
  readonly file: string | undefined;
  /** By dotted key. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly help: boolean;
}

const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * `--key value`, `--key=value`, `--no-docker`, and apps by themselves.
 *
 * @throws ProbeError `config`
 */
export function readArguments(args: readonly string[]): Arguments {
  const flags: Record<string, unknown> = {};
  const apps: string[] = [];
  const rest = [...args];
  let file: string | undefined;
  let help = false;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name, inline] = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      if (word.startsWith('-'))
        throw new ProbeError(`"${word.slice(0, 80)}" is no flag`, {
          code: 'config',
          remedy: 'write --key=value',
        });
      apps.push(word);
      continue;
    }
    const source = name.replace(/^no-/, '');
    if (sourceNames.has(source)) {
      flags[`sources.${source}.enabled`] = name === source ? (inline ?? 'true') : 'false';
      continue;
    }
    if (name === 'help' || name === 'h') {
      help = true;
      continue;
    }
    const value = inline ?? (switches.has(name) ? 'true' : rest.shift());
    if (value === undefined)
      throw new ProbeError(`flag --${name} has no value`, {
        code: 'config',
        remedy: `write --${name}=value`,
      });
    if (name === 'config') file = value;
    else if (name === 'app') apps.push(value);
    else flags[aliases[name] ?? camel(name)] = value;
  }
  if (apps.length > 0) flags.apps = apps;
  return { file, flags, help };
}
