import type { Reading } from '@orchestrator/report';
import { asked, onceLogged } from '../http/asked.ts';
import { jsonClient } from '../http/json-client.ts';
import { createRates } from '../procfs/rate.ts';
import type { Source, SourceContext } from '../source.ts';
import { askServer, parseAddress } from './four-letter.ts';
import { type MigrationEnds, parseMigrations, parseSyncStates, type SyncState } from './migrations.ts';
import { parseMonitor, parseServer, type ServerState } from './monitor.ts';
import { createPicture, type Picture } from './picture.ts';
import { zookeeperTemplates } from './templates.ts';

export interface ZooKeeperSourceOptions {
  /** `host:port` of each server. */
  readonly servers?: readonly string[];
  /** URL of a coordinator of zk-migrate. */
  readonly coordinator?: string;
  /** Asked for each request to the coordinator. */
  readonly token?: () => string | undefined;
  /** Distance of looks. Default 5000. */
  readonly everyMs?: number;
}

const share = 0.003;

/** Servers of ensembles with their roles, and what zk-migrate synchronises between them. */
export function zookeeperSource(options: ZooKeeperSourceOptions = {}): Source {
  return {
    name: 'zookeeper',
    start(context) {
      context.board.templates('zookeeper', zookeeperTemplates);
      const picture = createPicture(context.board, options.servers ?? []);
      const stops = [
        watchServers(context, options, picture),
        ...(options.coordinator === undefined ? [] : [watchSync(context, options, picture)]),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

function watchServers(
  { clock, logger, scheduler }: SourceContext,
  { servers = [], everyMs = 5_000 }: ZooKeeperSourceOptions,
  picture: Picture,
): () => void {
  const rates = createRates();
  const logs = new Map(
    servers.map((server) => [server, onceLogged(logger, 'a ZooKeeper server does not answer')]),
  );
  /** Servers that refuse `mntr`. */
  const restricted = new Set<string>();

  const stateOf = async (server: string): Promise<ServerState | undefined> => {
    const address = parseAddress(server);
    if (!restricted.has(server)) {
      const answer = await askServer(address, 'mntr', clock);
      const state = parseMonitor(answer);
      if (state !== undefined) return state;
      if (answer.includes('not in the whitelist')) restricted.add(server);
    }
    return parseServer(await askServer(address, 'srvr', clock));
  };

  const packetsPerS = (server: string, packets: number | undefined): Reading | undefined => {
    const perS = packets === undefined ? undefined : rates.perS(server, packets, clock.monotonicMs());
    return perS === undefined ? undefined : { value: Math.round(perS), min: 0 };
  };

  const look = async (server: string): Promise<void> => {
    let state: ServerState | undefined;
    try {
      state = await stateOf(server);
      logs.get(server)?.worked();
    } catch (error) {
      logs.get(server)?.failed(error);
      // It may come back with another configuration.
      restricted.delete(server);
    }
    picture.server(server, state, packetsPerS(server, state?.figures.zookeeper_packets));
  };

  if (servers.length === 0) return () => undefined;
  const job = scheduler.add({
    name: 'zookeeper',
    everyMs,
    share,
    run: async () => {
      await Promise.all(servers.map(look));
    },
  });
  return () => job.remove();
}

function watchSync(
  { clock, logger, scheduler }: SourceContext,
  { coordinator = '', token, everyMs = 5_000 }: ZooKeeperSourceOptions,
  picture: Picture,
): () => void {
  const headers = (): Record<string, string> => {
    const value = token?.();
    return value === undefined ? {} : { authorization: `Bearer ${value}` };
  };
  const client = jsonClient({ url: coordinator, headers, clock });
  const migrations = asked(client, '/api/v1/migrations', parseMigrations);
  const states = asked(client, '/api/v1/sync/status', parseSyncStates);
  const log = onceLogged(logger, 'the coordinator of zk-migrate cannot be asked');
  let ends: readonly MigrationEnds[] = [];
  let last: readonly SyncState[] = [];
  const look = async () => {
    try {
      ends = (await migrations.news()) ?? ends;
      last = (await states.news()) ?? last;
      log.worked();
    } catch (error) {
      log.failed(error);
      migrations.forget();
      states.forget();
      last = [];
    }
    picture.syncs(last, ends);
  };
  const job = scheduler.add({ name: 'zookeeper sync', everyMs, share, run: look });
  return () => {
    job.remove();
    client.close();
  };
}
