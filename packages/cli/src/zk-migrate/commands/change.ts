/** The commands that move a migration on, back, or hold it: advance, rollback, pause, resume. */
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { confirmed } from '../../terminal/confirm.ts';
import type { Migration } from '../api.ts';
import { type Connection, openConnection } from '../connection.ts';
import {
  type MigrationOption,
  parsePhase,
  type ServerOptions,
  withMigration,
  withServer,
} from '../options.ts';
import { followToRest } from './follow-on.ts';

interface ChangeOptions extends ServerOptions, JsonOption, MigrationOption {
  readonly confirm?: boolean;
  /** `--no-wait` */
  readonly wait: boolean;
}

interface AdvanceOptions extends ChangeOptions {
  readonly phase?: number;
}

interface RollbackOptions extends ChangeOptions {
  readonly toPhase: number;
  readonly force?: boolean;
}

const withWait = (command: Command) =>
  withJson(withServer(withMigration(command))).option(
    '--no-wait',
    'return at once instead of showing the progress',
  );

export function advanceCommand(context: CommandContext): Command {
  const command = new Command('advance')
    .summary('approve the next phase, or try again what failed')
    .description(
      'Approves the phase that is due and shows its progress. After a failure it tries the failed step again. ' +
        'Without --confirm it only says what would be done.',
    )
    .option('--phase <number>', 'the phase you approve; refused when another one is due', parsePhase)
    .option('--confirm', 'really do it');
  return withWait(command)
    .addHelpText(
      'after',
      examples(
        ['zk-migrate advance --migration-id=abc123 --phase=6', 'what would be done'],
        ['zk-migrate advance --migration-id=abc123 --phase=6 --confirm', 'do it'],
      ),
    )
    .action((options: AdvanceOptions) => advance(context, options));
}

async function advance(context: CommandContext, options: AdvanceOptions): Promise<void> {
  await using connection = await openConnection(context, options, 'act');
  const id = await connection.migrationId(options.migrationId);
  const view = await connection.api.get(id);
  const due = view.status === 'failed' ? view.phase : view.next_phase;
  const phase = options.phase ?? due;
  if (phase === null) throw new CliError('precondition', `migration ${id} has no further phase`);
  if (options.confirm !== true) {
    throw new CliError('precondition', describePhase(view, phase), {
      remedy: `add --confirm to do it: zk-migrate advance --migration-id=${id} --phase=${phase} --confirm`,
    });
  }
  await connection.api.command(id, { kind: 'advance', phase });
  await showUnlessTold(context, options, connection, id);
}

function describePhase(view: Migration, number: number): string {
  const phase = view.phases.find((candidate) => candidate.number === number);
  if (phase === undefined) {
    const known = view.phases.map((candidate) => candidate.number).join(', ');
    return `migration ${view.id} has no phase ${number}; its phases are ${known}`;
  }
  const steps = phase.steps.filter((step) => !step.done).map((step) => step.name);
  return `phase ${number} (${phase.name}) would do: ${steps.join(', ')}`;
}

export function rollbackCommand(context: CommandContext): Command {
  const command = new Command('rollback')
    .summary('go back to an earlier phase')
    .description(
      'Undoes every step done since, in reverse order, and checks the state arrived at. Phase 0 is the state before the ' +
        'migration. Possible from every phase, and after completion for the hours of rollback_retention_hours. ' +
        'Asks on a terminal unless --confirm is given.',
    )
    .requiredOption('--to-phase <number>', 'the phase to go back to; 0 undoes everything', parsePhase)
    .option('--confirm', 'do not ask')
    .option('--force', 'leave clients of Cluster-B behind; what they write from then on is not carried back');
  return withWait(command)
    .addHelpText(
      'after',
      examples(
        [
          'zk-migrate rollback --migration-id=abc123 --to-phase=1',
          'from phase 6: A runs and is in sync again',
        ],
        ['zk-migrate rollback --migration-id=abc123 --to-phase=0 --confirm', 'as before the migration'],
      ),
    )
    .action((options: RollbackOptions) => rollback(context, options));
}

async function rollback(context: CommandContext, options: RollbackOptions): Promise<void> {
  const { toPhase, force = false, confirm = false } = options;
  if (force && !confirm)
    throw new CliError(
      'precondition',
      '--force leaves clients of Cluster-B behind: their writes are not carried back',
      {
        remedy: 'add --confirm if that is what you want',
      },
    );
  await using connection = await openConnection(context, options, 'act');
  const id = await connection.migrationId(options.migrationId);
  if (!confirm && !(await confirmed(context.terminal, `roll migration ${id} back to phase ${toPhase}?`)))
    throw new CliError('precondition', 'not rolled back', { remedy: 'answer yes, or give --confirm' });
  await connection.api.command(id, { kind: 'rollback', toPhase, force });
  await showUnlessTold(context, options, connection, id);
}

export function pauseCommand(context: CommandContext): Command {
  const command = new Command('pause')
    .summary('stop after the present instruction; synchronisation pauses too')
    .description(
      'Nothing is lost by a pause: changes wait on their own side and are carried over after resume.',
    );
  return withWait(command).action((options: ChangeOptions) => simpleCommand(context, options, 'pause'));
}

export function resumeCommand(context: CommandContext): Command {
  const command = new Command('resume')
    .summary('go on after a pause, or try again what failed')
    .description('Goes on exactly where it was paused. After a failure, tries the failed step again.');
  return withWait(command).action((options: ChangeOptions) => simpleCommand(context, options, 'resume'));
}

async function simpleCommand(
  context: CommandContext,
  options: ChangeOptions,
  kind: 'pause' | 'resume',
): Promise<void> {
  await using connection = await openConnection(context, options, 'act');
  const id = await connection.migrationId(options.migrationId);
  await connection.api.command(id, { kind });
  await showUnlessTold(context, options, connection, id);
}

async function showUnlessTold(
  context: CommandContext,
  { wait, json = false }: ChangeOptions,
  connection: Connection,
  id: string,
): Promise<void> {
  if (wait) return followToRest({ context, connection, id, json });
  if (json) context.terminal.out(JSON.stringify(await connection.api.get(id)));
}
