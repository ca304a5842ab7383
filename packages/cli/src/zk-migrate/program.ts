/** The command `zk-migrate`: what there is. */
import { Command } from 'commander';
import { completionCommand } from '../program/completion-command.ts';
import type { CommandContext } from '../program/context.ts';
import { assembleProgram, type CommandGroups } from '../program/run.ts';
import { version } from '../program/version.ts';
import { archiveCommand } from './commands/archive.ts';
import { advanceCommand, pauseCommand, resumeCommand, rollbackCommand } from './commands/change.ts';
import { conflictsCommand } from './commands/conflicts.ts';
import { preflightCommand, validateCommand, verifyCommand } from './commands/look.ts';
import { auditCommand, reportCommand } from './commands/records.ts';
import { serveCommand, stopCommand } from './commands/serve.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { exitCodeRows } from './exit-codes.ts';

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
  const groups: CommandGroups = [
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
    [
      'Running it:',
      [serveCommand(context), stopCommand(context), completionCommand(context, 'zk-migrate', () => program)],
    ],
  ];
  program.description(introduction).version(version).addHelpText('after', epilogue);
  return assembleProgram(program, context, groups);
}
