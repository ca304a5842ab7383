import { readFileSync } from 'node:fs';
import { MesosError } from '../errors.ts';
import { parseDuration } from '../messages/duration.ts';
import type { Flags } from './flag-table.ts';

export interface WrongFlag {
  readonly flag: string;
  readonly value: string;
  /** What would be right, for one who writes it: `1 to 65535`. */
  readonly write: string;
}

/** A flag whose value cannot be read; code `invalid`. */
export class FlagError extends MesosError implements WrongFlag {
  readonly flag: string;
  readonly value: string;
  readonly write: string;

  constructor(wrong: WrongFlag, expected: string = wrong.write) {
    super(`flag --${wrong.flag} is "${wrong.value}", not ${expected}`, { code: 'invalid' });
    this.flag = wrong.flag;
    this.value = wrong.value;
    this.write = wrong.write;
  }
}

/** Reads flags one by one. Everything throws `FlagError`, naming the flag and its value. */
export class FlagReader {
  readonly #flags: Flags;

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  text(name: string): string | undefined {
    const value = this.#flags[name];
    return value === undefined || value === '' ? undefined : value;
  }

  /** Items between commas, without those that are empty. */
  list(name: string): string[] {
    const items = (this.text(name) ?? '').split(',').map((item) => item.trim());
    return items.filter((item) => item !== '');
  }

  #read<Value>(name: string, write: string, read: (text: string) => Value | undefined): Value {
    const text = this.text(name) ?? '';
    const value = read(text);
    if (value !== undefined) return value;
    throw new FlagError({ flag: name, value: text, write });
  }

  oneOf<Value>(name: string, values: Readonly<Record<string, Value>>): Value {
    const read = (text: string) => (Object.hasOwn(values, text) ? values[text] : undefined);
    return this.#read(name, `one of ${Object.keys(values).join(', ')}`, read);
  }

  whole(name: string): number {
    return this.#read(name, 'a whole number', (text) => (/^\d+$/.test(text) ? Number(text) : undefined));
  }

  port(name: string): number {
    const value = this.whole(name);
    if (value > 0 && value < 65_536) return value;
    throw new FlagError({ flag: name, value: String(value), write: '1 to 65535' }, 'a port from 1 to 65535');
  }

  /** Between 0 and 1. */
  share(name: string): number {
    return this.#read(name, 'a number between 0 and 1', (text) => {
      const value = Number(text);
      return text !== '' && value >= 0 && value <= 1 ? value : undefined;
    });
  }

  yes(name: string): boolean {
    return this.#read(name, 'true or false', (text) => {
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : undefined;
    });
  }

  durationMs(name: string): number {
    return this.#read(name, 'a duration such as 15secs', durationOf);
  }

  maybeMs(name: string): number | undefined {
    return this.text(name) === undefined ? undefined : this.durationMs(name);
  }

  percentage(name: string): number {
    return this.#read(name, 'a percentage such as 50%', (text) => {
      const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
      return match === null ? undefined : Number(match[1]) / 100;
    });
  }

  /** `1/10mins`: one in ten minutes. */
  intervalMs(name: string): number | undefined {
    if (this.text(name) === undefined) return undefined;
    return this.#read(name, 'a rate such as 1/10mins', (text) => {
      const [, count, every = ''] = /^(\d+)\/(.+)$/.exec(text) ?? [];
      const everyMs = durationOf(every);
      return everyMs === undefined || Number(count) === 0 ? undefined : everyMs / Number(count);
    });
  }

  /** The value itself where it is JSON, else what is in the file that it names; also as `file:///path`. */
  contents(name: string): { readonly text: string; readonly file: string } | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.trimStart().startsWith('{')) return { text: value, file: `--${name}` };
    const file = value.replace(/^file:\/\//, '');
    try {
      return { text: readFileSync(file, 'utf8'), file };
    } catch (cause) {
      throw new MesosError(`flag --${name} names ${file}, which cannot be read`, { code: 'invalid', cause });
    }
  }
}

function durationOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof MesosError) return undefined;
    throw error;
  }
}
