/** What commands that set something going have in common: they stay until it is done, and end with what became of it. */

import type { CommandContext } from '../../program/context.ts';
import { explain } from '../../program/errors.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import type { MigrationView } from '../api.ts';
import type { Connection } from '../connection.ts';
import { showMigration } from '../follow/show.ts';

const atWork = new Set(['running', 'rolling-back']);

/** Codes of failed steps, from whichever package, that mean: a check or criterion does not hold. */
const refusals: ReadonlySet<string> = new Set([
  'precondition',
  'SameEnsemble',
  'TargetNotEmpty',
  'NoAccess',
  'VersionTooOld',
  'NodeTooLarge',
]);
const unreachable: ReadonlySet<string> = new Set(['Unreachable', 'Timeout', 'ConnectFailed', 'NoLeader']);

/** What a failed step means to a script: a criterion that does not hold is not a breakdown. */
export function exitCodeOf({ status, failure }: Pick<MigrationView, 'status' | 'failure'>): number {
  if (status !== 'failed') return exitCodes.ok;
  const code = failure?.code ?? '';
  if (refusals.has(code)) return exitCodes.checkFailed;
  return unreachable.has(code) ? exitCodes.unreachable : explain(failure).exitCode;
}

export interface FollowOptions {
  readonly context: CommandContext;
  readonly connection: Connection;
  readonly id: string;
  readonly json: boolean;
}

/** Shows the migration until it neither runs nor rolls back; Ctrl-C ends the showing, not the migration. */
export async function followToRest({ context, connection, id, json }: FollowOptions): Promise<void> {
  const { signal, terminal } = context;
  const until = ({ status }: MigrationView) => !atWork.has(status);
  const last = await showMigration({ context, connection, id, json, signal, until });
  if (last !== undefined && until(last)) {
    context.setExitCode(exitCodeOf(last));
    return;
  }
  terminal.say(`the migration goes on; zk-migrate status --migration-id=${id} --watch shows it again`);
  context.setExitCode(exitCodes.interrupted);
}
