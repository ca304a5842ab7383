import type { HttpServer } from '@orchestrator/runtime';
import type { Accounts } from '../keep/accounts.ts';
import type { Labels } from '../keep/labels.ts';
import type { SavedViews } from '../keep/saved-views.ts';
import type { Sessions } from '../keep/sessions.ts';
import { accountRoutes } from './account-routes.ts';
import { type ClusterServices, clusterRoutes } from './cluster-routes.ts';
import { compressAnswers } from './compress.ts';
import { controlRoutes } from './control-routes.ts';
import { fileRoutes } from './file-routes.ts';
import { type History, historyRoutes } from './history-routes.ts';
import { labelRoutes } from './label-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { type MigrationServices, migrationRoutes } from './migration-routes.ts';
import { type OidcServices, oidcRoutes } from './oidc-routes.ts';
import { pipeRoutes } from './pipe-routes.ts';
import { reportRoutes } from './report-routes.ts';
import { sandboxRoutes } from './sandbox-routes.ts';
import { savedViewRoutes } from './saved-view-routes.ts';
import { type ScopeControlServices, scopeControlRoutes } from './scope-control-routes.ts';
import { topologyRoutes } from './topology-routes.ts';

export interface RouteServices
  extends ScopeControlServices,
    ClusterServices,
    MigrationServices,
    OidcServices {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly history: History;
  readonly labels: Labels;
  readonly savedViews: SavedViews;
  readonly onPassword: (name: string) => void;
}

/** Everything that is answered under `/api`. */
export function addRoutes(server: HttpServer, services: RouteServices): void {
  compressAnswers(server.fastify);
  topologyRoutes(server, services);
  liveRoutes(server, services);
  reportRoutes(server, services, { isAuthorised: services.isAuthorised });
  controlRoutes(server, services);
  fileRoutes(server, services);
  pipeRoutes(server, services);
  scopeControlRoutes(server, services);
  accountRoutes(server, services);
  oidcRoutes(server, services);
  historyRoutes(server, services, services.history);
  labelRoutes(server, services, services.labels);
  savedViewRoutes(server, services.savedViews);
  clusterRoutes(server, services);
  sandboxRoutes(server, services);
  migrationRoutes(server, services);
}
