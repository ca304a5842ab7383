/**
 * Where flags are given. A value comes from, in this order: the command line, the environment (`MESOS_WORK_DIR`), a file of
 * its name in a folder of the program (`/etc/mesos-master`), `/etc/mesos/zk`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MesosError } from '../errors.ts';
import { currentFlagName, type FlagProgram, type Flags } from './flag-table.ts';

export interface FlagSources {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default `/etc`. */
  readonly etc?: string;
}

function fromArguments(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const [, no, name, value] = /^--(no-)?([a-z0-9_-]+)(?:=(.*))?$/s.exec(args[index] ?? '') ?? [];
    if (name === undefined) {
      throw new MesosError(`"${args[index]?.slice(0, 100)}" is no flag`, {
        code: 'invalid',
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

function fromEnvironment(program: FlagProgram, environment: NonNullable<FlagSources['environment']>): Flags {
  const flags: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    const elsewhere = program.flagOfVariable?.(variable);
    if (elsewhere !== undefined) {
      flags[elsewhere] ??= value;
      continue;
    }
    if (!variable.startsWith('MESOS_')) continue;
    // The environment is also that of executors and libraries: only what is a flag counts.
    const name = currentFlagName(program, variable.slice('MESOS_'.length).toLowerCase());
    if (name !== undefined) flags[name] = value;
  }
  return flags;
}

async function fromFolder(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new MesosError(`${folder} cannot be read`, { code: 'invalid', cause });
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

const byCurrentNames = (program: FlagProgram, flags: Flags): Flags =>
  Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [currentFlagName(program, name) ?? name, value]),
  );

/** What is given, under today's names; without defaults. @throws MesosError `invalid` for what is no flag */
export async function readGivenFlags(program: FlagProgram, sources: FlagSources): Promise<Flags> {
  const { args = [], environment = {}, etc = '/etc' } = sources;
  const { zk } = await fromFolder(join(etc, 'mesos'));
  const flags: Record<string, string> = zk === undefined ? {} : { [program.zkFlag]: zk };
  for (const folder of program.folders) {
    Object.assign(flags, byCurrentNames(program, await fromFolder(join(etc, folder))));
  }
  return {
    ...flags,
    ...fromEnvironment(program, environment),
    ...byCurrentNames(program, fromArguments(args)),
  };
}
