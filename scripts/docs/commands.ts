/** `docs/zk-migrate/commands.md`: the help of every command, as it is printed. */
import { createProgram, exitCodeRows, type Terminal } from '@orchestrator/cli';
import { systemClock } from '@orchestrator/runtime';
import { table } from './markdown.ts';

const helpWidth = 100;

type Command = ReturnType<typeof createProgram>;

const quiet: Terminal = {
  out: () => undefined,
  say: () => undefined,
  writeRaw: () => undefined,
  writeBytes: () => undefined,
  interactive: false,
  columns: () => helpWidth,
  style: plainStyle(),
  sayStyle: plainStyle(),
};

function plainStyle(): Terminal['style'] {
  const same = (text: string) => text;
  return { bold: same, dim: same, bad: same, good: same, warn: same, accent: same };
}

function helpOf(command: Command): string {
  const written: string[] = [];
  command.configureOutput({ writeOut: (text) => void written.push(text), getOutHelpWidth: () => helpWidth });
  command.outputHelp();
  return written.join('').trimEnd();
}

function sections(command: Command, words: readonly string[]): string[] {
  const name = [...words, command.name()];
  const own = `## ${name.join(' ')}\n\n\`\`\`\n${helpOf(command)}\n\`\`\``;
  const children = command.commands.filter((child) => child.name() !== 'help');
  return [own, ...children.flatMap((child) => sections(child, name))];
}

export function commandsDocument(): string {
  const program = createProgram({
    terminal: quiet,
    env: {},
    clock: systemClock,
    signal: new AbortController().signal,
    userId: 0,
    setExitCode: () => undefined,
  });
  return [
    '# Commands',
    '',
    'The help of every command, as `--help` prints it. Results go to standard output, everything said on the way to standard',
    'error. `--json` gives one JSON object (with `--watch`, and while a command shows progress, one per change); errors are then',
    '`{"error": {"code", "message", "remedy"}}` on standard error.',
    '',
    '## Exit codes',
    '',
    table(
      ['Code', 'Meaning'],
      exitCodeRows.map(([code, meaning]) => [String(code), meaning]),
    ),
    '',
    'A step of a migration that fails ends the command that shows it with 3 when a check or criterion does not hold, with 5 when',
    'an ensemble could not be reached in time, else with 1. Ctrl-C and SIGTERM end what only shows or waits, and a coordinator',
    'in order, within seconds; a second one ends it at once. `serve` ends with 0 after either, and so does `status --watch`.',
    '',
    sections(program, []).join('\n\n'),
    '',
  ].join('\n');
}
