/**
 * The flags of a Mesos master, by the names that operators know. A value comes from, in this order: the command line, the
 * environment (`MESOS_QUORUM`), a file of that name under `/etc/mesos-master`, `/etc/mesos/zk` for `zk`, the default.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MasterError } from './errors.ts';
import { flagTable } from './flag-table.ts';

export type Flags = Readonly<Record<string, string>>;

const currentNames = new Map(
  Object.entries(flagTable).flatMap(([name, { formerly }]) =>
    formerly === undefined ? [] : [[formerly, name]],
  ),
);

/** What a flag is called today. */
const currentName = (name: string) => currentNames.get(name) ?? name;

const isKnown = (name: string) => Object.hasOwn(flagTable, currentName(name));

/** What libprocess reads from its environment. Flags of the master go before it. */
const libprocessNames: Readonly<Record<string, string>> = {
  LIBPROCESS_IP: 'ip',
  LIBPROCESS_ADVERTISE_IP: 'advertise_ip',
  LIBPROCESS_ADVERTISE_PORT: 'advertise_port',
};

/** `LIBPROCESS_SSL_CERT_FILE`, and `SSL_CERT_FILE` as it was once, are settings of TLS. */
function tlsSettingOf(name: string): string | undefined {
  const [, setting] = /^(?:LIBPROCESS_)?(SSL_[A-Z0-9_]+)$/.exec(name) ?? [];
  const key = setting?.toLowerCase();
  return key !== undefined && isKnown(key) ? currentName(key) : undefined;
}

function fromArguments(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const [, no, name, value] = /^--(no-)?([a-z0-9_-]+)(?:=(.*))?$/s.exec(args[index] ?? '') ?? [];
    if (name === undefined) {
      throw new MasterError('config', `"${args[index]?.slice(0, 100)}" is no flag`, {
        remedy: 'write --name=value',
      });
    }
    const key = name.replaceAll('-', '_');
    const next = args[index + 1];
    if (value !== undefined) flags[key] = value;
    else if (no !== undefined) flags[key] = 'false';
    else if (next === undefined || next.startsWith('--')) flags[key] = 'true';
    else {
      flags[key] = next;
      index++;
    }
  }
  return flags;
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const key = name.startsWith('MESOS_') ? name.slice('MESOS_'.length).toLowerCase() : '';
    // The environment is also that of executors and libraries: only what is a flag counts.
    if (value === undefined) continue;
    const ofLibprocess = libprocessNames[name] ?? tlsSettingOf(name);
    if (ofLibprocess !== undefined) flags[ofLibprocess] ??= value;
    else if (isKnown(key)) flags[currentName(key)] = value;
  }
  return flags;
}

async function fromFolder(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new MasterError('config', `${folder} cannot be read`, { cause: error });
  });
  const flags: Record<string, string> = {};
  for (const name of names) {
    // `?name` is a switch without a value, as the packages of Mesos have it.
    if (name.startsWith('?no-')) flags[name.slice('?no-'.length)] = 'false';
    else if (name.startsWith('?')) flags[name.slice(1)] = 'true';
    else if (!name.startsWith('.')) flags[name] = (await readFile(join(folder, name), 'utf8')).trim();
  }
  return flags;
}

export interface FlagSources {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default `/etc`. */
  readonly etc?: string;
}

/** @throws MasterError `config` for a flag that no master has */
export async function readFlags({ args = [], environment = {}, etc = '/etc' }: FlagSources): Promise<Flags> {
  const files = await fromFolder(join(etc, 'mesos-master'));
  const { zk } = await fromFolder(join(etc, 'mesos'));
  const given = {
    ...(zk === undefined ? {} : { zk }),
    ...byCurrentNames(files),
    ...fromEnvironment(environment),
    ...byCurrentNames(fromArguments(args)),
  };
  const unknown = Object.keys(given).find((name) => !isKnown(name));
  if (unknown !== undefined) {
    throw new MasterError('config', `a master has no flag "${unknown}"`, {
      remedy: `it has ${Object.keys(flagTable).join(', ')}`,
    });
  }
  refuseModules(given);
  const flags: Record<string, string> = {};
  for (const [name, { default: value }] of Object.entries(flagTable)) {
    if (value !== undefined) flags[name] = value;
  }
  return { ...flags, ...given };
}

const byCurrentNames = (flags: Record<string, string>) =>
  Object.fromEntries(Object.entries(flags).map(([name, value]) => [currentName(name), value]));

function refuseModules(given: Flags): void {
  for (const [name, value] of Object.entries(given)) {
    const { effect, note, only } = flagTable[name] ?? {};
    if (effect !== 'refused' || only?.includes(value) === true) continue;
    throw new MasterError('config', `flag --${name} is "${value}": ${note}`, {
      remedy: only === undefined || only.length === 0 ? 'leave it out' : `leave it out, or write ${only[0]}`,
    });
  }
}

/** Flags that were given and do nothing here, with the reason; for a warning at the start. */
export function flagsWithoutEffect(flags: Flags): { readonly name: string; readonly why: string }[] {
  return Object.keys(flags).flatMap((name) => {
    const { effect, note = '' } = flagTable[name] ?? {};
    return effect === 'none' ? [{ name, why: note }] : [];
  });
}
