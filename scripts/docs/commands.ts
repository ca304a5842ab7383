/** `commands.md` of each program: the help of every command, as it is printed. */
import {
  createOrchestrator,
  createProgram,
  exitCodeRows,
  orchestratorExitCodeRows,
  type Terminal,
} from '@orchestrator/cli';
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

const context: Parameters<typeof createProgram>[0] = {
  terminal: quiet,
  env: {},
  clock: systemClock,
  signal: new AbortController().signal,
  userId: 0,
  setExitCode: () => undefined,
};

interface Page {
  readonly program: Command;
  readonly introduction: readonly string[];
  readonly exitCodes: readonly (readonly [number, string])[];
  readonly aboutExitCodes: readonly string[];
}

function page({ program, introduction, exitCodes, aboutExitCodes }: Page): string {
  return [
    '# Commands',
    '',
    ...introduction,
    '',
    '## Exit codes',
    '',
    table(
      ['Code', 'Meaning'],
      exitCodes.map(([code, meaning]) => [String(code), meaning]),
    ),
    '',
    ...aboutExitCodes,
    '',
    sections(program, []).join('\n\n'),
    '',
  ].join('\n');
}

export const commandsDocument = (): string =>
  page({
    program: createProgram(context),
    introduction: [
      'The help of every command, as `--help` prints it. Results go to standard output, everything said on the way to standard',
      'error. `--json` gives one JSON object (with `--watch`, and while a command shows progress, one per change); errors are then',
      '`{"error": {"code", "message", "remedy"}}` on standard error.',
    ],
    exitCodes: exitCodeRows,
    aboutExitCodes: [
      'A step of a migration that fails ends the command that shows it with 3 when a check or criterion does not hold, with 5 when',
      'an ensemble could not be reached in time, else with 1. Ctrl-C and SIGTERM end what only shows or waits, and a coordinator',
      'in order, within seconds; a second one ends it at once. `serve` ends with 0 after either, and so does `status --watch`.',
    ],
  });

export const orchestratorCommandsDocument = (): string =>
  page({
    program: createOrchestrator(context),
    introduction: [
      'The help of every command, as `--help` prints it. Results go to standard output, everything said on the way to standard',
      'error. `--json` gives one JSON object or list; errors are then `{"error": {"code", "message", "remedy"}}` on standard error.',
      'Secrets come from files and from the environment, never from the command line.',
      '',
      'Commands find their masters by `--master`, else by `ORCHESTRATOR_MASTER`, else they take the cluster that `cluster up` runs',
      'on this machine. With several masters, or ZooKeeper, a command that comes while a leader is being elected waits for it.',
    ],
    exitCodes: orchestratorExitCodeRows,
    aboutExitCodes: [
      '`run` and `exec` end with the exit code of what they have run; 128 and the number of a signal when one ended it. `master`,',
      '`agent`, `monitor` and `probe` end with 0 after SIGTERM and SIGINT, and with 2 for flags that are wrong.',
    ],
  });
