/** What a daemon's flags do here. Tables of the compatibility pages are made of this. */
import { MesosError } from '../errors.ts';

export type Flags = Readonly<Record<string, string>>;

export interface FlagFacts {
  /** Undefined: not set unless somebody does. */
  readonly default?: string;
  /** `same` as in Mesos; `differs`, or is a flag of ours; `none`: taken and without effect; `refused` unless `only`. */
  readonly effect: 'same' | 'differs' | 'none' | 'refused';
  /** What is different, or why it does nothing. */
  readonly note?: string;
  /** Values that are taken where the flag is refused otherwise: those that promise nothing that is not there. */
  readonly only?: readonly string[];
  /** What it was called before. */
  readonly formerly?: string;
  /** What it holds is not to be shown. */
  readonly secret?: boolean;
}

export type FlagTable = Readonly<Record<string, FlagFacts>>;

/** A daemon as far as its flags go. */
export interface FlagProgram {
  /** `a master`: for errors. */
  readonly name: string;
  readonly table: FlagTable;
  /** Below `/etc`, with a file for each flag; a later one wins. */
  readonly folders: readonly string[];
  /** What `/etc/mesos/zk` sets. */
  readonly zkFlag: string;
  /** The flag that a variable other than `MESOS_…` sets, if it does; flags of the program go before it. */
  readonly flagOfVariable?: (variable: string) => string | undefined;
}

const hasFlag = ({ table }: FlagProgram, name: string) => Object.hasOwn(table, name);

/** What a flag is called today; undefined for one that the program does not have. */
export function currentFlagName(program: FlagProgram, name: string): string | undefined {
  if (hasFlag(program, name)) return name;
  return Object.entries(program.table).find(([, { formerly }]) => formerly === name)?.[0];
}

function refuseOne(name: string, value: string, { effect, note, only = [] }: FlagFacts): void {
  if (effect !== 'refused' || only.includes(value)) return;
  throw new MesosError(`flag --${name} is "${value}", which is not supported: ${note}`, {
    code: 'invalid',
    remedy: only[0] === undefined ? 'leave it out' : `leave it out, or write ${only[0]}`,
  });
}

/**
 * With the defaults of what is not given.
 *
 * @throws MesosError `invalid` for a flag that the program has not, and for one that would promise what is not there
 */
export function completeFlags(program: FlagProgram, given: Flags): Flags {
  const flags: Record<string, string> = {};
  for (const [name, { default: value }] of Object.entries(program.table)) {
    if (value !== undefined) flags[name] = value;
  }
  for (const [name, value] of Object.entries(given)) {
    const facts = hasFlag(program, name) ? program.table[name] : undefined;
    if (facts === undefined) {
      throw new MesosError(`${program.name} has no flag "${name}"`, {
        code: 'invalid',
        remedy: `it has ${Object.keys(program.table).join(', ')}`,
      });
    }
    refuseOne(name, value, facts);
    flags[name] = value;
  }
  return flags;
}

/** Flags that were given and do nothing here, with the reason; for a warning at the start. */
export function flagsWithoutEffect(
  { table }: FlagProgram,
  flags: Flags,
): { readonly name: string; readonly why: string }[] {
  return Object.keys(flags).flatMap((name) => {
    const { effect, note = '' } = table[name] ?? {};
    return effect === 'none' ? [{ name, why: note }] : [];
  });
}

/** As they may be shown: an URL of ZooKeeper may hold a password, and a flag may hold what is usually in a file. */
export function withoutSecrets({ table }: FlagProgram, flags: Flags): Flags {
  const shown = Object.entries(flags).map(([name, value]) => {
    const isInline = table[name]?.secret === true && value.trimStart().startsWith('{');
    return [name, isInline ? '***' : value.replace(/\/\/[^/@]*:[^/@]*@/, '//***@')] as const;
  });
  return Object.fromEntries(shown);
}
