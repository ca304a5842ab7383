import { readFile } from 'node:fs/promises';
import { MesosError, parseDuration } from '@orchestrator/mesos';
import { MasterError } from './errors.ts';
import type { Flags } from './flags.ts';

/** Reads flags one by one. Everything throws MasterError `config`, naming the flag and its value. */
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

  #read<Value>(name: string, what: string, read: (text: string) => Value | undefined): Value {
    const text = this.text(name) ?? '';
    const value = read(text);
    if (value !== undefined) return value;
    throw new MasterError('config', `flag --${name} is "${text}", not ${what}`);
  }

  oneOf<Value>(name: string, values: Readonly<Record<string, Value>>): Value {
    const what = `one of ${Object.keys(values).join(', ')}`;
    return this.#read(name, what, (text) => (Object.hasOwn(values, text) ? values[text] : undefined));
  }

  whole(name: string): number {
    return this.#read(name, 'a whole number', (text) => (/^\d+$/.test(text) ? Number(text) : undefined));
  }

  port(name: string): number {
    const value = this.whole(name);
    if (value > 0 && value < 65_536) return value;
    throw new MasterError('config', `flag --${name} is ${value}, not a port from 1 to 65535`);
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
    return this.#read(name, 'a duration such as 15secs', (text) => {
      try {
        return parseDuration(text);
      } catch (error) {
        if (error instanceof MesosError) return undefined;
        throw error;
      }
    });
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
      const match = /^(\d+)\/(.+)$/.exec(text);
      const count = Number(match?.[1]);
      return match?.[2] === undefined || count === 0 ? undefined : parseDuration(match[2]) / count;
    });
  }

  /** The value itself where it is JSON, else what is in the file that it names. */
  async contents(name: string): Promise<{ readonly text: string; readonly file: string } | undefined> {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.trimStart().startsWith('{')) return { text: value, file: `--${name}` };
    const file = value.replace(/^file:\/\//, '');
    try {
      return { text: await readFile(file, 'utf8'), file };
    } catch (cause) {
      throw new MasterError('config', `flag --${name} names ${file}, which cannot be read`, { cause });
    }
  }
}
