/**
 * The views of one migration, asked for again and again. A view is complete in itself and tells every step since the begin,
 * so nothing is missed over a lost connection, a restarted server or a change of the coordinator that leads.
 */
import { type Clock, sleep } from '@orchestrator/runtime';
import { type ExplainedError, explain } from '../../program/errors.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import type { MigrationView } from '../api.ts';
import type { Connection } from '../connection.ts';

export interface FeedOptions {
  readonly connection: Connection;
  readonly id: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told once when the server stops answering, with the reason, and once (`null`) when it answers again. */
  onTrouble(reason: string | null): void;
}

const intervalMs = 500;

/** Ends when the signal aborts. @throws CliError for any answer but that the server cannot be reached */
export async function* followMigration(options: FeedOptions): AsyncGenerator<MigrationView, void, undefined> {
  const { connection, id, clock, signal, onTrouble } = options;
  let troubled = false;
  while (!signal.aborted) {
    try {
      const view = await connection.api.get(id);
      if (troubled) onTrouble(null);
      troubled = false;
      yield view;
    } catch (error) {
      if (signal.aborted) return;
      const { message } = unreachable(error);
      if (!troubled) onTrouble(message);
      troubled = true;
      await connection.renew().catch(unreachable);
    }
    if (!(await waited(clock, signal))) return;
  }
}

function unreachable(error: unknown): ExplainedError {
  const explained = explain(error);
  if (explained.exitCode !== exitCodes.unreachable) throw error;
  return explained;
}

const waited = (clock: Clock, signal: AbortSignal): Promise<boolean> =>
  sleep(clock, intervalMs, signal).then(
    () => true,
    () => false,
  );
