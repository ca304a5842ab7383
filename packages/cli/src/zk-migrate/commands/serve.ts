import { createLogger, runDaemon } from '@orchestrator/runtime';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples } from '../../program/options.ts';
import { type ServerOptions, storeOption, workDirOption } from '../options.ts';
import { stopServer } from '../server/background.ts';
import type { OwnServer } from '../server/own-server.ts';
import { findServer, workFolderOf } from '../server/work-folder.ts';

interface ServeOptions extends Pick<ServerOptions, 'workDir'> {
  readonly config?: string;
  readonly listen?: string;
  readonly store?: string;
}

export function serveCommand(context: CommandContext): Command {
  return new Command('serve')
    .summary('run a coordinator as a daemon')
    .description(
      'Performs the migrations in its store, goes on with those that were interrupted, and serves the REST API. Several ' +
        'servers with one etcd store stand in for each other. Logs to standard error; SIGTERM ends it in order.',
    )
    .option('--config <file>', "the server's own configuration as YAML: address, TLS, tokens, store")
    .option('--listen <host:port>', 'address of the API; default 127.0.0.1 and any free port')
    .addOption(storeOption())
    .addOption(workDirOption())
    .addHelpText(
      'after',
      examples(
        ['zk-migrate serve', 'for commands of the same user on this machine'],
        [
          'zk-migrate serve --config=server.yaml --listen=0.0.0.0:7171',
          'for others too: needs TLS and tokens',
        ],
        ['zk-migrate serve --store=etcd://etcd-1,etcd-2,etcd-3/zk-migrate', 'one of several'],
      ),
    )
    .action((options: ServeOptions) => serve(context, options));
}

function splitAddress(text: string | undefined): { host?: string; port?: string } {
  if (text === undefined) return {};
  const found = /^(.+):(\d+)$/.exec(text);
  if (found?.[1] === undefined || found[2] === undefined)
    throw new CliError('invalid', `--listen: ${text} is not host:port`, {
      remedy: 'write it like 127.0.0.1:7171',
    });
  return { host: found[1], port: found[2] };
}

async function serve(context: CommandContext, options: ServeOptions): Promise<void> {
  const { env, userId, clock, terminal } = context;
  const workFolder = workFolderOf(options.workDir, env, userId);
  const present = await findServer(workFolder);
  if (present !== undefined)
    throw new CliError('conflict', `a server (process ${present.pid}) runs for ${workFolder} already`, {
      remedy: 'end it with zk-migrate stop, or choose another --work-dir',
    });
  const { host, port } = splitAddress(options.listen);
  const { loadServerConfig, startOwnServer } = await import('../server/own-server.ts');
  const config = loadServerConfig({
    file: options.config,
    env,
    flags: {
      'listen.host': host,
      'listen.port': port,
      'store.url': options.store ?? env.ZK_MIGRATE_STORE,
    },
  });
  const logger = createLogger({ name: 'zk-migrate', level: config.log_level });
  let server: OwnServer | undefined;
  let failure: unknown;
  const code = await runDaemon({
    logger,
    clock,
    components: [
      {
        name: 'coordinator',
        start: async () => {
          server = await startOwnServer({
            ...{ workFolder, config, logger, clock, purpose: 'coordinate' },
          }).catch((error: unknown) => {
            failure = error;
            throw error;
          });
          terminal.say(`serving at ${server.address.url}, work folder ${workFolder}`);
        },
        stop: async () => server?.stop(),
      },
    ],
  });
  // The log has it for those who read logs; this is for whoever has typed the command.
  if (failure !== undefined) throw failure;
  context.setExitCode(code);
}

export function stopCommand(context: CommandContext): Command {
  return new Command('stop')
    .summary('end the server of the work folder')
    .description(
      'Ends it in order. Migrations keep their state; the next server, or start, goes on with them.',
    )
    .addOption(workDirOption())
    .action(async (options: ServeOptions) => {
      const { env, userId, clock, terminal } = context;
      const workFolder = workFolderOf(options.workDir, env, userId);
      const record = await findServer(workFolder);
      if (record === undefined)
        throw new CliError('not-found', `no server runs for ${workFolder}`, {
          remedy: 'there is nothing to stop; --work-dir names another folder',
        });
      await stopServer(record, clock);
      terminal.say(`the server (process ${record.pid}) has ended`);
    });
}
