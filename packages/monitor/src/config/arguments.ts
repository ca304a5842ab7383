/** The command line: a flag for every key of the configuration, `--http.port 4040` or `--http-port=4040`. */
import { describeSchema } from '@orchestrator/runtime';
import { MonitorError } from '../errors.ts';
import { configEnvPrefix } from './load.ts';
import { monitorConfigSchema } from './schema.ts';

export interface MonitorArguments {
  readonly help: boolean;
  /** Path of the configuration file. */
  readonly file?: string;
  /** By dotted key, as text. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Short names of what is set most often. */
const shortNames: Readonly<Record<string, string>> = {
  master: 'cluster.master',
  host: 'http.host',
  port: 'http.port',
};

const keys = describeSchema(monitorConfigSchema, { envPrefix: configEnvPrefix }).filter(
  ({ key }) => !key.includes('[]') && !key.includes('.*'),
);

const plain = (name: string) => name.replace(/[.\-_]/g, '').toLowerCase();
const kebab = (key: string) => key.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
const keyByName: ReadonlyMap<string, string> = new Map([
  ...keys.map(({ key }): [string, string] => [plain(key), key]),
  ...Object.entries(shortNames),
]);

function keyOf(name: string): string {
  const key = keyByName.get(plain(name));
  if (key !== undefined) return key;
  throw new MonitorError('config', `the monitor has no flag --${name}`, {
    remedy: 'see "orchestrator monitor --help"',
  });
}

const isSwitch = (key: string) => keys.find((known) => known.key === key)?.type === 'boolean';

/** @throws MonitorError `config` for what is no flag, or lacks its value */
export function readArguments(args: readonly string[]): MonitorArguments {
  const flags: Record<string, string> = {};
  let [help, file]: [boolean, string | undefined] = [false, undefined];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    const [, no, name, given] = /^--(no-)?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (argument === '-h' || name === 'help') {
      help = true;
      continue;
    }
    if (name === undefined) {
      throw new MonitorError('config', `"${argument.slice(0, 100)}" is no flag`, {
        remedy: 'write --name value',
      });
    }
    const key = name === 'config' ? undefined : keyOf(name);
    if (key !== undefined && isSwitch(key) && given === undefined) {
      flags[key] = no === undefined ? 'true' : 'false';
      continue;
    }
    const value = given ?? args[++index];
    if (value === undefined) throw new MonitorError('config', `--${name} needs a value`);
    if (key === undefined) file = value;
    else flags[key] = value;
  }
  return { help, flags, ...(file === undefined ? {} : { file }) };
}

const widest = 30;

/** What `orchestrator monitor --help` prints. */
export function monitorHelp(): string {
  const lines = keys.map(({ key, type, default: otherwise, description }) => {
    const flag = `--${kebab(key)}`;
    const about = [description, otherwise === '' ? type : `${type}, default ${otherwise}`];
    const text = about.filter((part) => part !== '').join(' — ');
    return flag.length > widest
      ? `  ${flag}\n  ${''.padEnd(widest)} ${text}`
      : `  ${flag.padEnd(widest)} ${text}`;
  });
  const short = Object.entries(shortNames).map(([name, key]) => `--${name} for --${kebab(key)}`);
  return [
    'orchestrator monitor: collects what probes see, and shows it in a browser',
    '',
    `Flags (each is also a key of the file, and a variable: http.port is ${configEnvPrefix}HTTP_PORT)`,
    '',
    `  ${'--config'.padEnd(widest)} YAML or JSON file with any of the keys below`,
    ...lines,
    '',
    `Short: ${short.join(', ')}.`,
    'The first start makes the account "admin"; its password is in initial-admin-password in the work folder.',
    '',
  ].join('\n');
}
