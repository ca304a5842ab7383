/** From a command's options to the API: of a server elsewhere, of the one of the work folder, or of the store alone. */
import { existsSync } from 'node:fs';
import type { CommandContext } from '../program/context.ts';
import { CliError } from '../program/errors.ts';
import { createMigrationApi, type MigrationApi } from './api.ts';
import type { ServerOptions } from './options.ts';
import { createRestClient, remoteAddress, type ServerAddress } from './server/http-client.ts';
import { findServer, storeFileOf, workFolderOf } from './server/work-folder.ts';

export interface Connection extends AsyncDisposable {
  readonly api: MigrationApi;
  /** The id given, else the only migration there is. @throws CliError `not-found`, `invalid` when there are several */
  migrationId(given: string | undefined): Promise<string>;
  /** Looks for the server anew: it may have been restarted elsewhere, or have ended and left the store to be read. */
  renew(): Promise<void>;
}

/**
 * `act` needs a coordinator that runs; `read` is content with the store when none does; `check` needs neither, and looks at
 * the ensembles from this process.
 */
type Need = 'act' | 'read' | 'check';

interface Link {
  readonly api: MigrationApi;
  close(): Promise<void>;
}

export async function openConnection(
  context: CommandContext,
  options: ServerOptions,
  need: Need,
): Promise<Connection> {
  return connectionOver(await openLink(context, options, need), () => openLink(context, options, 'read'));
}

/** A connection to a server that this command has started itself. */
export function connectTo(
  { signal }: CommandContext,
  address: ServerAddress,
  close: () => Promise<void> = async () => undefined,
): Connection {
  return connectionOver(linkTo(address, signal, close), undefined);
}

function connectionOver(first: Link, reopen: (() => Promise<Link>) | undefined): Connection {
  let link = first;
  return {
    get api() {
      return link.api;
    },
    migrationId: async (given) => given ?? (await onlyMigration(link.api)),
    renew: async () => {
      if (reopen === undefined) return;
      const next = await reopen();
      await link.close();
      link = next;
    },
    [Symbol.asyncDispose]: () => link.close(),
  };
}

function linkTo(address: ServerAddress, signal: AbortSignal, close: () => Promise<void>): Link {
  const rest = createRestClient(address, signal);
  return {
    api: createMigrationApi(rest),
    close: async () => {
      await rest.close();
      await close();
    },
  };
}

const nothing = async () => undefined;

async function openLink(context: CommandContext, options: ServerOptions, need: Need): Promise<Link> {
  const { env, userId, signal } = context;
  const server = options.server ?? env.ZK_MIGRATE_SERVER;
  if (server !== undefined && server !== '') {
    const { tokenFile, caFile } = options;
    return linkTo(await remoteAddress({ server, tokenFile, caFile, env }), signal, nothing);
  }
  const workFolder = workFolderOf(options.workDir, env, userId);
  const running = await findServer(workFolder);
  if (running !== undefined) return linkTo(running, signal, nothing);
  const storeUrl = env.ZK_MIGRATE_STORE;
  const stored = storeUrl !== undefined || existsSync(storeFileOf(workFolder));
  if (need === 'check' || (need === 'read' && stored)) {
    // Only here, since most of what it loads is for servers and takes a while.
    const { loadServerConfig, startOwnServer } = await import('./server/own-server.ts');
    const config = loadServerConfig({ env, flags: { 'store.url': storeUrl } });
    const own = await startOwnServer({ workFolder, config, clock: context.clock, purpose: 'read' });
    return linkTo(own.address, signal, own.stop);
  }
  throw new CliError(
    'unavailable',
    `no server runs for the work folder ${workFolder}${stored ? '' : ', and it holds no migrations'}`,
    { remedy: 'start one with zk-migrate serve, or name another with --work-dir or --server' },
  );
}

async function onlyMigration(api: MigrationApi): Promise<string> {
  const all = await api.list();
  const [first, ...others] = all;
  if (first === undefined)
    throw new CliError('not-found', 'there is no migration yet', {
      remedy: 'begin one with zk-migrate start',
    });
  if (others.length > 0)
    throw new CliError(
      'invalid',
      `there are ${all.length} migrations: ${all.map(({ id }) => id).join(', ')}`,
      { remedy: 'name one with --migration-id' },
    );
  return first.id;
}
