import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import type { MigrationStatus } from '../api.ts';
import { openConnection } from '../connection.ts';
import { showMigration } from '../follow/show.ts';
import { type MigrationOption, type ServerOptions, withMigration, withServer } from '../options.ts';
import { renderMigrations, renderStatus } from '../render/status.ts';

interface StatusOptions extends ServerOptions, JsonOption, MigrationOption {
  readonly watch?: boolean;
}

export function statusCommand(context: CommandContext): Command {
  const command = new Command('status')
    .summary('what a migration is doing, and what you can do next')
    .description(
      'Shows a migration: phases and steps, synchronisation and lag, health of both ensembles, alerts, and the commands ' +
        'that are possible now. Without an id and with several migrations it lists them. Without a running server it ' +
        'answers from the store.',
    )
    .option(
      '--watch',
      'stay and show every change until the migration is over; Ctrl-C ends the watching only',
    );
  return withJson(withServer(withMigration(command)))
    .addHelpText(
      'after',
      examples(
        ['zk-migrate status --migration-id=abc123', 'all about one migration'],
        ['zk-migrate status --migration-id=abc123 --watch', 'stays until it is over'],
        ["zk-migrate status --json | jq '.live.sync.directions[].lag_p99_ms'", 'for scripts'],
      ),
    )
    .action((options: StatusOptions) => status(context, options));
}

const isOver = (status: MigrationStatus, phase: number) =>
  status === 'completed' || (status === 'rolled-back' && phase === 0);

async function status(context: CommandContext, options: StatusOptions): Promise<void> {
  const { terminal, clock, signal } = context;
  const { json = false, watch = false } = options;
  await using connection = await openConnection(context, options, 'read');
  const { api } = connection;
  const all = options.migrationId === undefined ? await api.list() : [];
  if (all.length > 1 && !watch) {
    terminal.out(json ? JSON.stringify(all) : renderMigrations(all, terminal.style, clock.nowMs()));
    return;
  }
  const id = await connection.migrationId(options.migrationId);
  if (watch) {
    const until = (view: { status: MigrationStatus; phase: number }) => isOver(view.status, view.phase);
    await showMigration({ context, connection, id, json, signal, until });
    return;
  }
  const view = await api.get(id);
  terminal.out(json ? JSON.stringify(view) : renderStatus(view, terminal.style, clock.nowMs()));
}
