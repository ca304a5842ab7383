import { isSecretName, maskedValue } from '@orchestrator/runtime/secrets';

/** The part of `/proc/<pid>/stat` that is shown. */
export interface ProcessStat {
  readonly name: string;
  readonly state: string;
  readonly parentPid: number;
  readonly threads: number;
  /** Clock ticks since the process began. */
  readonly cpuTicks: number;
  /** Clock ticks from boot to its start; with the pid it names a process for good. */
  readonly startTicks: number;
  readonly residentPages: number;
}

/** `pid (name) state ppid ...`: the name may hold spaces and brackets, so the last bracket ends it. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const columns = text.slice(close + 2).split(' ');
  const number = (index: number) => Number(columns[index] ?? 0);
  return {
    name: text.slice(open + 1, close),
    state: columns[0] ?? '?',
    parentPid: number(1),
    cpuTicks: number(11) + number(12),
    threads: number(17),
    startTicks: number(19),
    residentPages: number(21),
  };
}

const longestCommand = 1024;

/**
 * `/proc/<pid>/cmdline`, shortened, with the values of options masked that are called as secrets are: `--token=x`,
 * `--password x`, `API_KEY=x`, `redis://:x@host`.
 */
export function parseCommandLine(text: string, showSecrets = false): string {
  const words = text.split('\0').filter((word) => word !== '');
  const shown = showSecrets ? words : words.map((word, index) => maskWord(word, words[index - 1]));
  return shown.join(' ').slice(0, longestCommand);
}

/** The password in `scheme://user:password@host` goes, whatever it stands in. */
export const maskUrlPasswords = (text: string): string =>
  text.replace(/(:\/\/[^/\s:@]*):[^/\s@]+@/g, `$1:${maskedValue}@`);

function maskWord(word: string, before: string | undefined): string {
  const [, name, value] = /^-{0,2}([\w.-]+)=(.+)$/s.exec(word) ?? [];
  if (name !== undefined && value !== undefined && isSecretName(name)) {
    return `${word.slice(0, word.length - value.length)}${maskedValue}`;
  }
  const option = /^--?([\w.-]+)$/.exec(before ?? '')?.[1];
  return option !== undefined && isSecretName(option) && !word.startsWith('-')
    ? maskedValue
    : maskUrlPasswords(word);
}

/** `/etc/passwd`: names by user id. */
export function parseUsers(text: string): Map<number, string> {
  const users = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name !== undefined && id !== undefined && !users.has(Number(id))) users.set(Number(id), name);
  }
  return users;
}
