/** Options and texts that every program has, with one meaning each. */
import { type Command, InvalidArgumentError } from 'commander';

export interface JsonOption {
  readonly json?: boolean;
}

export const withJson = (command: Command): Command =>
  command.option('--json', 'one JSON object on standard output, for scripts');

export const environmentNote = (name: string) => `(environment: ${name})`;

export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0)
    throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

/** Lines below the help of a command: calls that can be copied. */
export const examples = (...lines: readonly (readonly [string, string])[]): string => {
  const size = Math.max(...lines.map(([call]) => call.length));
  return `\nExamples:\n${lines.map(([call, what]) => `  ${call.padEnd(size)}  ${what}`).join('\n')}`;
};
