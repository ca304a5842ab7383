/** The commands that look: preflight, validate, verify. Only verify --repair changes anything. */
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { openConnection } from '../connection.ts';
import {
  type MigrationFileOptions,
  type MigrationOption,
  parsePhaseOrCurrent,
  requireMigrationFile,
  type ServerOptions,
  withMigration,
  withMigrationFile,
  withServer,
} from '../options.ts';
import { renderChecks, summariseChecks } from '../render/checks.ts';
import { renderVerification } from '../render/differences.ts';

type PreflightOptions = ServerOptions & JsonOption & MigrationFileOptions;

export function preflightCommand(context: CommandContext): Command {
  const command = withMigrationFile(new Command('preflight'))
    .summary('check everything that can be known before a migration; changes nothing')
    .description(
      'Looks at both ensembles: health, versions, credentials, ACLs that forbid reading or writing, how changes will be ' +
        'captured, sizes and disk space, clocks, and whether Cluster-B is empty and another ensemble. Exit code 3 when ' +
        'something forbids the migration.',
    );
  return withJson(withServer(command))
    .addHelpText(
      'after',
      examples(['zk-migrate preflight --config=migration.yaml', 'the same checks begin phase 1']),
    )
    .action((options: PreflightOptions) => preflight(context, options));
}

async function preflight(context: CommandContext, options: PreflightOptions): Promise<void> {
  const { terminal } = context;
  requireMigrationFile(options);
  const { readMigrationFile } = await import('../migration-file.ts');
  const config = readMigrationFile(options, context.env);
  await using connection = await openConnection(context, options, 'check');
  const report = await connection.api.preflight({ config });
  if (options.json === true) terminal.out(JSON.stringify(report));
  else terminal.out(`${renderChecks(report.results, terminal.style)}\n\n${summariseChecks(report.results)}`);
  if (!report.ready) context.setExitCode(exitCodes.checkFailed);
}

interface ValidateOptions extends ServerOptions, JsonOption, MigrationOption {
  readonly phase: number | 'current';
}

export function validateCommand(context: CommandContext): Command {
  const command = new Command('validate')
    .summary('evaluate the success criteria of a phase now')
    .description('Changes nothing. Exit code 3 when a criterion does not hold.')
    .option(
      '--phase <current|number>',
      'whose criteria; 0: those of the state before',
      parsePhaseOrCurrent,
      'current',
    );
  return withJson(withServer(withMigration(command)))
    .addHelpText(
      'after',
      examples([
        'zk-migrate validate --migration-id=abc123 --phase=current',
        'before you advance, for example',
      ]),
    )
    .action((options: ValidateOptions) => validate(context, options));
}

async function validate(context: CommandContext, options: ValidateOptions): Promise<void> {
  const { terminal } = context;
  await using connection = await openConnection(context, options, 'act');
  const id = await connection.migrationId(options.migrationId);
  const validation = await connection.api.validate(id, options.phase);
  if (options.json === true) terminal.out(JSON.stringify(validation));
  else
    terminal.out(
      `${renderChecks(validation.results, terminal.style)}\n\n${summariseChecks(validation.results)}`,
    );
  if (!validation.valid) context.setExitCode(exitCodes.checkFailed);
}

interface VerifyOptions extends ServerOptions, JsonOption, MigrationOption {
  readonly repair?: boolean;
}

export function verifyCommand(context: CommandContext): Command {
  const command = new Command('verify')
    .summary('compare both ensembles now, znode by znode and field by field')
    .description(
      'Changes on their way are given time to arrive before they count. Exit code 3 when there are differences.',
    )
    .option('--repair', 'mend what differs, and compare again');
  return withJson(withServer(withMigration(command)))
    .addHelpText(
      'after',
      examples(['zk-migrate verify --migration-id=abc123', 'differences by path and field']),
    )
    .action((options: VerifyOptions) => verify(context, options));
}

async function verify(context: CommandContext, options: VerifyOptions): Promise<void> {
  const { terminal } = context;
  await using connection = await openConnection(context, options, 'act');
  const id = await connection.migrationId(options.migrationId);
  const report = await connection.api.verify(id, { repair: options.repair === true });
  if (options.json === true) terminal.out(JSON.stringify(report));
  else terminal.out(renderVerification(report, terminal.style, terminal.columns()));
  if (report.difference_count > 0) context.setExitCode(exitCodes.checkFailed);
}
