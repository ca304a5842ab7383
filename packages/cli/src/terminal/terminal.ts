/** Where a command's words go. Results go to standard output, everything said on the way to standard error. */
import { createStyle, type Style, wantsColour } from './style.ts';

export interface Terminal {
  /** A result; a line feed is added. */
  out(text: string): void;
  /** Progress, hints, errors; a line feed is added. */
  say(text: string): void;
  /** Without line feed, for what redraws itself. */
  writeRaw(text: string): void;
  /** What another program has written, as it is: to standard output, or to standard error. */
  writeBytes(data: Uint8Array, to?: 'out' | 'error'): void;
  /** Standard output is a terminal: what moves may be redrawn in place. */
  readonly interactive: boolean;
  columns(): number;
  readonly style: Style;
  /** The style of what is said, which may go elsewhere than the results. */
  readonly sayStyle: Style;
}

const defaultColumns = 100;

export interface ProcessStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

export function processTerminal({ stdout, stderr, env }: ProcessStreams): Terminal {
  return {
    out: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    writeRaw: (text) => void stdout.write(text),
    writeBytes: (data, to = 'out') => void (to === 'out' ? stdout : stderr).write(data),
    interactive: stdout.isTTY === true && env.TERM !== 'dumb',
    columns: () => stdout.columns ?? defaultColumns,
    style: createStyle(wantsColour(env, stdout.isTTY === true)),
    sayStyle: createStyle(wantsColour(env, stderr.isTTY === true)),
  };
}
