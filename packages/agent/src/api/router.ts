/** What is served where. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal } from '@orchestrator/mesos';
import { type Exchange, sendJson, sendText } from './exchange.ts';
import { serveExecutor } from './executor-api.ts';
import { browse, download, read } from './files-endpoints.ts';
import { serveOperator } from './operator-api.ts';
import type { ApiPlace } from './place.ts';
import { sendContainers, sendMetrics, sendState, sendStatistics, sendVersion } from './reads.ts';

type Serve = (place: ApiPlace, exchange: Exchange) => Promise<void> | void;

const routes: readonly (readonly [path: string, serve: Serve])[] = [
  ['/api/v1/executor', serveExecutor],
  ['/api/v1', serveOperator],
  ['/state', sendState],
  ['/version', sendVersion],
  ['/metrics/snapshot', sendMetrics],
  ['/monitor/statistics', sendStatistics],
  ['/containers', sendContainers],
  ['/containerizer/debug', (_, exchange) => sendJson(exchange, '{"pending":[]}')],
  ['/files/browse', browse],
  ['/files/read', read],
  ['/files/download', download],
  ['/health', (_, { response }) => sendText(response, 200)],
  ['/flags', ({ config }, exchange) => sendJson(exchange, JSON.stringify({ flags: config.flags }))],
];

/** The handler of the agent's HTTP server. Routes match by prefix, as libprocess has it. */
export function createAgentApi(
  place: ApiPlace,
): (request: IncomingMessage, response: ServerResponse) => void {
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://agent');
    const full = decodeURIComponent(url.pathname);
    const path = full.startsWith('/slave(1)/') ? full.slice('/slave(1)'.length) : full;
    const route = routes.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`));
    if (route === undefined) sendText(response, 404);
    else await route[1](place, { request, response, path, query: url.searchParams });
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
