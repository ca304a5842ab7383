/** Options that several commands share, with one meaning and one text each. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../program/errors.ts';
import { environmentNote } from '../program/options.ts';

export interface ServerOptions {
  readonly workDir?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

export interface MigrationOption {
  readonly migrationId?: string;
}

export interface MigrationFileOptions {
  readonly sourceZk?: string;
  readonly targetZk?: string;
  readonly config?: string;
}

export const withMigrationFile = (command: Command): Command =>
  command
    .option('--source-zk <hosts>', 'client ports of Cluster-A, host:port,host:port; over the file')
    .option('--target-zk <hosts>', 'client ports of Cluster-B; over the file')
    .option('--config <file>', 'the migration as YAML or JSON');

/** @throws CliError `invalid` when nothing says which ensembles are meant */
export function requireMigrationFile({ config, sourceZk, targetZk }: MigrationFileOptions): void {
  if (config !== undefined || (sourceZk !== undefined && targetZk !== undefined)) return;
  const isOneNamed = sourceZk !== undefined || targetZk !== undefined;
  throw new CliError('invalid', isOneNamed ? 'one ensemble is not named' : 'neither ensemble is named', {
    remedy: 'give --config=FILE, or --source-zk=HOST:PORT,… and --target-zk=HOST:PORT,…',
  });
}

export const workDirOption = () =>
  new Option('--work-dir <folder>', `state of the coordinator ${environmentNote('ZK_MIGRATE_WORK_DIR')}`);

export const storeOption = () =>
  new Option(
    '--store <url>',
    `sqlite:FILE or etcd://host:port,…/namespace; default: a file in the work folder ${environmentNote('ZK_MIGRATE_STORE')}`,
  );

/** How to find the server: by its work folder on this machine, or by its address. */
export function withServer(command: Command): Command {
  return command
    .addOption(workDirOption())
    .addOption(new Option('--server <url>', `a server elsewhere ${environmentNote('ZK_MIGRATE_SERVER')}`))
    .addOption(
      new Option(
        '--token-file <file>',
        `its bearer token ${environmentNote('ZK_MIGRATE_TOKEN, the token itself')}`,
      ),
    )
    .addOption(
      new Option(
        '--ca-file <file>',
        `PEM of the authority of its certificate ${environmentNote('ZK_MIGRATE_CA_FILE')}`,
      ),
    );
}

const migrationIdOption = () =>
  new Option('--migration-id <id>', 'which migration; may be left out when there is only one');

export const withMigration = (command: Command): Command => command.addOption(migrationIdOption());

export function parsePhase(text: string): number {
  if (!/^\d$/.test(text)) throw new InvalidArgumentError('Expected the number of a phase, 0 to 6.');
  return Number(text);
}

export function parsePhaseOrCurrent(text: string): number | 'current' {
  return text === 'current' ? text : parsePhase(text);
}
