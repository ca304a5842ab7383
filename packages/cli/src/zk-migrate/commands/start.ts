import { createWriteStream } from 'node:fs';
import type { MigrationConfig } from '@orchestrator/migration';
import { createLogger, sleep } from '@orchestrator/runtime';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { addressOf, type Migration, type MigrationApi, type MigrationView } from '../api.ts';
import { type Connection, connectTo, openConnection } from '../connection.ts';
import { showMigration } from '../follow/show.ts';
import {
  type MigrationFileOptions,
  requireMigrationFile,
  type ServerOptions,
  storeOption,
  withMigrationFile,
  withServer,
} from '../options.ts';
import { startInBackground } from '../server/background.ts';
import { findServer, logFileOf, makeWorkFolder, workFolderOf } from '../server/work-folder.ts';
import { exitCodeOf, type FollowOptions, followToRest } from './follow-on.ts';

interface StartOptions extends ServerOptions, JsonOption, MigrationFileOptions {
  readonly detach?: boolean;
  readonly store?: string;
}

export function startCommand(context: CommandContext): Command {
  const command = withMigrationFile(new Command('start'))
    .summary('begin a migration, or go on with it')
    .description(
      'Performs phase 1: checks everything, deploys or adopts Cluster-B, copies, synchronises, verifies; then waits for ' +
        'your approval of the next phase. The coordinator runs inside this command, which therefore stays until the ' +
        'migration is over. Ctrl-C stops it without harm: the same command, or serve, goes on where it was. With a server ' +
        'that runs already, or with --detach, the work is done there, and this command ends after phase 1.',
    )
    .option('--detach', 'leave a server in the background that goes on with it')
    .addOption(storeOption());
  return withJson(withServer(command))
    .addHelpText(
      'after',
      examples(
        ['zk-migrate start --source-zk=zk-a:2181 --target-zk=zk-b:2181 --config=migration.yaml', ''],
        ['zk-migrate start --config=migration.yaml --detach', 'returns after phase 1; status shows the rest'],
        ['zk-migrate start --config=migration.yaml', 'again, after Ctrl-C: goes on'],
      ),
    )
    .action((options: StartOptions) => start(context, options));
}

async function start(context: CommandContext, options: StartOptions): Promise<void> {
  requireMigrationFile(options);
  const { readMigrationFile } = await import('../migration-file.ts');
  const config = readMigrationFile(options, context.env);
  const { connection, own } = await reachCoordinator(context, options);
  try {
    const { id, created } = await findOrCreate(connection.api, config);
    announce(context, id, config, created);
    await setGoing(connection.api, id);
    const follow = { context, connection, id, json: options.json ?? false };
    await (own ? stayUntilOver(follow) : followToRest(follow));
  } finally {
    await connection[Symbol.asyncDispose]();
  }
}

interface Reached {
  readonly connection: Connection;
  /** The coordinator runs in this process and ends with it. */
  readonly own: boolean;
}

async function reachCoordinator(context: CommandContext, options: StartOptions): Promise<Reached> {
  const { env, userId, clock } = context;
  const workFolder = workFolderOf(options.workDir, env, userId);
  const elsewhere = options.server ?? env.ZK_MIGRATE_SERVER;
  if (elsewhere !== undefined || (await findServer(workFolder)) !== undefined)
    return { connection: await openConnection(context, options, 'act'), own: false };
  if (options.detach === true) {
    const args = options.store === undefined ? [] : [`--store=${options.store}`];
    const record = await startInBackground({ workFolder, args, clock });
    context.terminal.say(
      `the coordinator runs in the background (process ${record.pid}, log ${logFileOf(workFolder)}); zk-migrate stop ends it`,
    );
    return { connection: connectTo(context, record), own: false };
  }
  await makeWorkFolder(workFolder);
  const { loadServerConfig, startOwnServer } = await import('../server/own-server.ts');
  const config = loadServerConfig({ env, flags: { 'store.url': options.store ?? env.ZK_MIGRATE_STORE } });
  const logger = createLogger({
    name: 'zk-migrate',
    level: config.log_level,
    format: 'json',
    stream: createWriteStream(logFileOf(workFolder), { flags: 'a', mode: 0o600 }),
  });
  const server = await startOwnServer({ workFolder, config, logger, clock, purpose: 'coordinate' });
  return { connection: connectTo(context, server.address, server.stop), own: true };
}

const unfinished = ({ status, phase }: Migration) =>
  status !== 'completed' && !(status === 'rolled-back' && phase === 0);

/** The same name between the same ensembles is the same migration, as long as it is not over. */
async function findOrCreate(
  api: MigrationApi,
  config: MigrationConfig,
): Promise<{ id: string; created: boolean }> {
  const same = (await api.list()).find(
    (candidate) =>
      candidate.name === config.name &&
      addressOf(candidate.config.source) === addressOf(config.source) &&
      addressOf(candidate.config.target) === addressOf(config.target) &&
      unfinished(candidate),
  );
  if (same !== undefined) return { id: same.id, created: false };
  return { id: (await api.create({ config })).id, created: true };
}

function announce({ terminal }: CommandContext, id: string, config: MigrationConfig, created: boolean): void {
  const { sayStyle: style } = terminal;
  terminal.say(
    `${created ? 'migration' : 'going on with migration'} ${style.bold(id)} (${config.name}): ${addressOf(config.source)} → ${addressOf(config.target)}`,
  );
}

async function setGoing(api: MigrationApi, id: string): Promise<void> {
  const { status } = await api.get(id);
  if (status === 'planned') await api.command(id, { kind: 'start' });
  if (status === 'paused' || status === 'failed') await api.command(id, { kind: 'resume' });
}

/** Whoever else follows the migration over this server sees its end too. */
const lingerMs = 1_500;

/**
 * A failure ends the command only while there is nothing to keep alive: once changes flow, they go on flowing. Later phases stop
 * synchronisation for a moment to look whether all is quiet; a failure then is not the end of it.
 */
const isOver = ({ status, phase, live }: MigrationView): boolean =>
  status === 'completed' ||
  (status === 'rolled-back' && phase === 0) ||
  (status === 'failed' && phase <= 1 && live?.sync == null);

async function stayUntilOver({ context, connection, id, json }: FollowOptions): Promise<void> {
  const { signal, terminal, clock } = context;
  const { dim } = terminal.sayStyle;
  terminal.say(
    dim(
      'the coordinator runs in this command, until all is over: give further commands in another terminal;',
    ),
  );
  terminal.say(dim('Ctrl-C stops it without harm, and start --detach leaves it in the background'));
  const last = await showMigration({ context, connection, id, json, signal, until: isOver });
  if (last !== undefined && isOver(last)) {
    context.setExitCode(exitCodeOf(last));
    await sleep(clock, lingerMs, signal).catch(() => terminal.say('stopping'));
    return;
  }
  terminal.say('stopping; the same command, or zk-migrate serve, goes on where it was');
  context.setExitCode(exitCodes.interrupted);
}
