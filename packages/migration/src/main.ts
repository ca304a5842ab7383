/** Puts the parts together: `createMigrationService` for a process of one's own, `createMigrationServer` for `zk-migrate serve`. */
import {
  createHttpServer,
  createMetrics,
  type HttpServer,
  type HttpServerOptions,
  type Metrics,
  silentLogger,
} from '@orchestrator/runtime';
import { createSyncEngine, prepareSeed } from '@orchestrator/sync';
import { eventStream } from './api/events.ts';
import { insightRoutes } from './api/insight.ts';
import { migrationRoutes } from './api/migrations.ts';
import type { SyncEngines } from './coordinator/sync-supervisor.ts';
import { MigrationService, type MigrationServiceOptions } from './service.ts';

const engines: SyncEngines = { create: createSyncEngine, seed: prepareSeed };

export type CreateMigrationServiceOptions = Omit<MigrationServiceOptions, 'engines'> & {
  /** Default: those of `@orchestrator/sync`. */
  readonly engines?: SyncEngines;
};

/** A coordinator with everything that can be done with migrations; call `start` to have it work. */
export function createMigrationService(options: CreateMigrationServiceOptions): MigrationService {
  return new MigrationService({ engines, ...options });
}

export interface MigrationServerOptions extends CreateMigrationServiceOptions {
  readonly http: Omit<HttpServerOptions, 'logger' | 'metrics' | 'openApi'>;
  /** In the OpenAPI document. */
  readonly version: string;
}

export interface MigrationServer {
  readonly service: MigrationService;
  readonly http: HttpServer;
  readonly metrics: Metrics;
  /** Listens, then starts the coordinator; resolves to the base URL. @throws Error when the address is taken */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** The coordinator with its REST API, WebSocket, metrics and OpenAPI document. */
export async function createMigrationServer(options: MigrationServerOptions): Promise<MigrationServer> {
  const { logger = silentLogger, metrics = createMetrics(), version } = options;
  const service = createMigrationService({ ...options, metrics });
  const http = await createHttpServer({
    ...options.http,
    logger,
    metrics,
    openApi: {
      path: '/api/v1/openapi.json',
      title: 'zk-migrate',
      version,
      description:
        'Live migration of ZooKeeper ensembles: phases, approvals, health, conflicts, audit and reports.',
    },
  });
  migrationRoutes(http, service);
  insightRoutes(http, service);
  eventStream(http, service, logger);
  return {
    service,
    http,
    metrics,
    start: async () => {
      // An address that cannot be had is known before any work is begun.
      const url = await http.listen();
      await service.start().catch(async (error: unknown) => {
        await http.close();
        throw error;
      });
      return url;
    },
    stop: async () => {
      await http.close();
      await service.stop();
    },
  };
}
