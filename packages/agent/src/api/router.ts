/** What is served where. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createIdentify,
  type Exchange,
  HttpRefusal,
  requestTarget,
  sendJson,
  sendText,
} from '@orchestrator/mesos';
import { serveExecutor } from './executor-api.ts';
import { browse, download, readFile, sendNames } from './files-endpoints.ts';
import { serveOperator } from './operator-api.ts';
import type { ApiPlace } from './place.ts';
import {
  sendContainers,
  sendFlags,
  sendImages,
  sendMetrics,
  sendPrometheus,
  sendState,
  sendStatistics,
  sendVersion,
} from './reads.ts';

type Realm = 'readonly' | 'readwrite' | 'executor' | 'open';

interface Route {
  readonly path: string;
  readonly realm: Realm;
  /** Whoever may `get_endpoint` it may read it. */
  readonly isGuarded?: boolean;
  readonly serve: (place: ApiPlace, exchange: Exchange) => Promise<void> | void;
}

const read = (path: string, serve: Route['serve']): Route => ({ path, realm: 'readonly', serve });
const guarded = (path: string, serve: Route['serve']): Route => ({ ...read(path, serve), isGuarded: true });

const routes: readonly Route[] = [
  { path: '/api/v1/executor', realm: 'executor', serve: serveExecutor },
  { path: '/api/v1', realm: 'readwrite', serve: serveOperator },
  read('/state', sendState),
  read('/flags', sendFlags),
  read('/files/browse', browse),
  read('/files/read', readFile),
  read('/files/download', download),
  guarded('/files/debug', sendNames),
  guarded('/metrics/snapshot', sendMetrics),
  guarded('/metrics', sendPrometheus),
  guarded('/monitor/statistics', sendStatistics),
  guarded('/containers', sendContainers),
  guarded('/images', sendImages),
  guarded('/containerizer/debug', (_, exchange) => sendJson(exchange, '{"pending":[]}')),
  { path: '/version', realm: 'open', serve: sendVersion },
  { path: '/health', realm: 'open', serve: (_, { response }) => sendText(response, 200) },
];

/** Realms that ask who sends a request. */
const asks = ({ config: { requires } }: ApiPlace, realm: Realm) =>
  (realm === 'readonly' && requires.readonly) || (realm === 'readwrite' && requires.readwrite);

function refuse(response: ServerResponse, realm: Realm): void {
  response.setHeader('WWW-Authenticate', `Basic realm="mesos-agent-${realm}"`);
  sendText(response, 401, 'Incorrect or missing credentials');
}

/** The handler of the agent's HTTP server. Routes match by prefix, as libprocess has it. */
export function createAgentApi(
  place: ApiPlace,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { credentials, tokens } = place.config;
  const identify = createIdentify({
    credentials,
    tokens,
    jwtKey: undefined,
    nowMs: () => place.clock.nowMs(),
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path: full, search } = requestTarget(request.url ?? '/');
    const path = full.startsWith('/slave(1)/') ? full.slice('/slave(1)'.length) : full;
    const route = routes.find(({ path: prefix }) => path === prefix || path.startsWith(`${prefix}/`));
    // By whatever path it is reached: with the agent's name in front, and with more behind it.
    const names = [full, path, ...(route === undefined ? [] : [route.path, `/slave(1)${route.path}`])];
    if (names.some((each) => place.config.disabledEndpoints.has(each)))
      return sendText(response, 403, `Endpoint '${full}' is disabled`);
    if (route === undefined) return sendText(response, 404);
    const asked = asks(place, route.realm) ? identify(request) : undefined;
    if (asked === 'refused' || asked === 'none') return refuse(response, route.realm);
    const principal = asked?.principal;
    const exchange = { request, response, path, query: new URLSearchParams(search), principal };
    if (route.isGuarded === true && !place.config.acls.permits('get_endpoint', principal, route.path))
      return sendText(response, 403);
    await route.serve(place, exchange);
  }
  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (error instanceof HttpRefusal && !response.headersSent) {
        sendText(response, error.status, error.message);
        return;
      }
      place.logger.error('request failed', { error, path: request.url });
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'Internal error; the log of the agent says more');
    });
  };
}
