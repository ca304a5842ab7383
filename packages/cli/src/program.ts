/** The command `zk-migrate`: what there is, and how a failure is told. */
import { Command, CommanderError } from 'commander';
import { archiveCommand } from './commands/archive.ts';
import { advanceCommand, pauseCommand, resumeCommand, rollbackCommand } from './commands/change.ts';
import { completionCommand } from './commands/completion.ts';
import { conflictsCommand } from './commands/conflicts.ts';
import { preflightCommand, validateCommand, verifyCommand } from './commands/look.ts';
import { auditCommand, reportCommand } from './commands/records.ts';
import { serveCommand, stopCommand } from './commands/serve.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import type { CommandContext } from './context.ts';
import { explain } from './errors.ts';
import { exitCodeRows, exitCodes } from './exit-codes.ts';
import { version } from './version.ts';

const introduction = `Moves a live ZooKeeper ensemble (Cluster-A) to another one (Cluster-B) while its clients go on working.

A migration in short:
  zk-migrate preflight --config=migration.yaml          look, change nothing
  zk-migrate start --config=migration.yaml              phase 1: B is filled, and kept in sync
  (move your clients to B, in any order and at any pace)
  zk-migrate advance --phase=6 --confirm                phase 6: A is shut down and archived
  zk-migrate rollback --to-phase=0                      at any time: as it was before`;

const epilogue = `
Exit codes:
${exitCodeRows.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}

Environment:
  ZK_MIGRATE_WORK_DIR, ZK_MIGRATE_SERVER, ZK_MIGRATE_TOKEN, ZK_MIGRATE_CA_FILE, ZK_MIGRATE_STORE
                           as the options of the same names
  ZK_MIGRATE_MIGRATION_…   keys of the migration's configuration, over the file
  NO_COLOR                 no colours`;

export function createProgram(context: CommandContext): Command {
  const program = new Command('zk-migrate');
  const groups: readonly (readonly [string, readonly Command[]])[] = [
    [
      'A migration:',
      [
        preflightCommand(context),
        startCommand(context),
        statusCommand(context),
        advanceCommand(context),
        rollbackCommand(context),
        pauseCommand(context),
        resumeCommand(context),
      ],
    ],
    ['Looking closer:', [validateCommand(context), verifyCommand(context), conflictsCommand(context)]],
    ['Records:', [reportCommand(context), auditCommand(context), archiveCommand(context)]],
    ['Running it:', [serveCommand(context), stopCommand(context), completionCommand(context, () => program)]],
  ];
  program.description(introduction).version(version).addHelpText('after', epilogue);
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
    // Told once, by `run`.
    writeErr: () => undefined,
    getOutHelpWidth: () => terminal.columns(),
  });
  for (const child of command.commands) quiet(child, context);
}

/** Performs one command line. @returns the exit code */
export async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { terminal, signal } = context;
  let exitCode: number = exitCodes.ok;
  const program = createProgram({
    ...context,
    setExitCode: (code) => {
      exitCode = code;
    },
  });
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.usage;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    if (error instanceof CommanderError) return tellUsage(error, context);
    if (signal.aborted) return exitCodes.interrupted;
    const { code, message, remedy, exitCode: failed } = explain(error);
    if (args.includes('--json')) terminal.say(JSON.stringify({ error: { code, message, remedy } }));
    else tell(context, message, remedy);
    return failed;
  }
}

function tell({ terminal }: CommandContext, message: string, remedy: string | null): void {
  const { sayStyle: style } = terminal;
  terminal.say(`${style.bad('zk-migrate:')} ${message}`);
  if (remedy !== null) terminal.say(`  ${style.dim('→')} ${remedy}`);
}

function tellUsage(error: CommanderError, context: CommandContext): number {
  if (error.code === 'commander.help') return exitCodes.usage;
  tell(
    context,
    error.message.replace(/^error: /, ''),
    'zk-migrate help, or --help after a command, tells more',
  );
  return exitCodes.usage;
}
