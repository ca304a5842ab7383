/** One command line of any program: from arguments to an exit code, and how a failure is told. */
import { type Command, CommanderError } from 'commander';
import type { CommandContext } from './context.ts';
import { type ExplainedError, explain } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

export type ProgramFactory = (context: CommandContext) => Command;

export type CommandGroups = readonly (readonly [title: string, commands: readonly Command[]])[];

/** Adds the commands under their titles, and takes from commander what is decided here: when to end and where to write. */
export function assembleProgram(program: Command, context: CommandContext, groups: CommandGroups): Command {
  for (const [title, commands] of groups) {
    program.commandsGroup(title);
    for (const command of commands) program.addCommand(command);
  }
  program.commandsGroup('Help:').helpCommand('help [command]', 'all about one command');
  quiet(program, context);
  return program;
}

/** Commander shall neither end the process nor choose where its words go. */
function quiet(command: Command, context: CommandContext): void {
  const { terminal } = context;
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => terminal.out(text.trimEnd()),
    // Errors are told once, by `runProgram`; what is left is the help of a command that lacks its second word.
    outputError: () => undefined,
    writeErr: (text) => terminal.say(text.trimEnd()),
    getOutHelpWidth: () => terminal.columns(),
  });
  for (const child of command.commands) quiet(child, context);
}

/** @returns the exit code */
export async function runProgram(
  createProgram: ProgramFactory,
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { terminal, signal } = context;
  let exitCode: number = exitCodes.ok;
  const program = createProgram({
    ...context,
    setExitCode: (code) => {
      exitCode = code;
    },
  });
  const name = program.name();
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.usage;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
    if (signal.aborted) return exitCodes.interrupted;
    const {
      code,
      message,
      remedy,
      exitCode: failed,
    } = error instanceof CommanderError ? explainUsage(error, name) : explain(error);
    if (args.includes('--json')) terminal.say(JSON.stringify({ error: { code, message, remedy } }));
    else tell(context, name, message, remedy);
    return failed;
  }
}

function tell({ terminal }: CommandContext, name: string, message: string, remedy: string | null): void {
  const { sayStyle: style } = terminal;
  terminal.say(`${style.bad(`${name}:`)} ${message}`);
  if (remedy !== null) terminal.say(`  ${style.dim('→')} ${remedy}`);
}

function explainUsage({ message }: CommanderError, name: string): ExplainedError {
  return {
    code: 'invalid',
    message: message.replace(/^error: /, ''),
    remedy: `${name} help, or --help after a command, tells more`,
    exitCode: exitCodes.usage,
  };
}
