import { Command, Option } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { plural } from '../../terminal/format.ts';
import { openConnection } from '../connection.ts';
import { type MigrationOption, type ServerOptions, withMigration, withServer } from '../options.ts';
import { renderConflict, renderConflicts } from '../render/conflicts.ts';

type ConflictOptions = ServerOptions & JsonOption & MigrationOption;

const withAll = (command: Command) => withJson(withServer(withMigration(command)));

export function conflictsCommand(context: CommandContext): Command {
  return new Command('conflicts')
    .summary('znodes that were changed on both sides at once: list, show, resolve')
    .description(
      'Every conflict is recorded with both values. With conflict_resolution: manual it waits for you, and the znode is ' +
        'held on both sides as it is until you decide.',
    )
    .addCommand(listCommand(context), { isDefault: true })
    .addCommand(showCommand(context))
    .addCommand(resolveCommand(context));
}

function listCommand(context: CommandContext): Command {
  return withAll(
    new Command('list').summary('all of them, or those that wait').description('Lists conflicts.'),
  )
    .option('--held', 'only those that wait for a decision')
    .addHelpText('after', examples(['zk-migrate conflicts list --held', 'what you have to decide']))
    .action(async (options: ConflictOptions & { held?: boolean }) => {
      const { terminal } = context;
      await using connection = await openConnection(context, options, 'read');
      const id = await connection.migrationId(options.migrationId);
      const conflicts = await connection.api.conflicts(id, { held: options.held === true });
      if (options.json === true) terminal.out(JSON.stringify(conflicts));
      else if (conflicts.length === 0) terminal.out('no conflicts');
      else {
        terminal.out(renderConflicts(conflicts, terminal.style, terminal.columns()));
        terminal.out(`\n${plural(conflicts.length, 'conflict')}`);
      }
    });
}

function showCommand(context: CommandContext): Command {
  return withAll(
    new Command('show').summary('one conflict with both values').description('Shows one conflict.'),
  )
    .argument('<conflict>', 'its id, as listed')
    .action(async (conflictId: string, options: ConflictOptions) => {
      const { terminal } = context;
      await using connection = await openConnection(context, options, 'read');
      const id = await connection.migrationId(options.migrationId);
      const conflict = await connection.api.conflict(id, conflictId);
      terminal.out(
        options.json === true ? JSON.stringify(conflict) : renderConflict(conflict, terminal.style),
      );
    });
}

function resolveCommand(context: CommandContext): Command {
  return withAll(
    new Command('resolve')
      .summary('decide a conflict that is held')
      .description('Writes the winner to the other side.'),
  )
    .argument('<conflict>', 'its id, as listed')
    .addOption(
      new Option('--winner <side>', 'source: what Cluster-A holds; target: what Cluster-B holds')
        .choices(['source', 'target'])
        .makeOptionMandatory(),
    )
    .addHelpText(
      'after',
      examples(['zk-migrate conflicts resolve CONFLICT --winner=source', 'A keeps its value']),
    )
    .action(async (conflictId: string, options: ConflictOptions & { winner: 'source' | 'target' }) => {
      const { terminal } = context;
      await using connection = await openConnection(context, options, 'act');
      const id = await connection.migrationId(options.migrationId);
      const conflict = await connection.api.resolve(id, conflictId, options.winner);
      terminal.out(
        options.json === true ? JSON.stringify(conflict) : renderConflict(conflict, terminal.style),
      );
      if (conflict.resolved_ms === null)
        terminal.say('the choice is kept, and carried out as soon as synchronisation runs; see status');
    });
}
