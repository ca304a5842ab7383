/** `WS /api/topology/{view}/ws`: a view, then what changes in it. */
import type { HttpServer } from '@orchestrator/runtime';
import { OrchestratorError } from '@orchestrator/runtime';
import type { Services } from './services.ts';
import { intervalMsOf, viewQuery, viewRequest, wantsFlows } from './view-request.ts';

const interval = { least: 250, most: 60_000, otherwise: 500 };

/** Of the WebSocket protocol: the request was wrong, and repeating it is of no use; try again later. */
const [policyViolation, tryAgainLater] = [1008, 1013];

export function liveRoutes(server: HttpServer, { live, logger, views }: Services): void {
  server.webSocket({
    path: '/api/topology/:view/ws',
    role: 'viewer',
    handle: (socket, { request, principal }) => {
      const { view } = request.params as { view: string };
      try {
        views.requireView(principal, view);
        const parameters = viewQuery.parse(request.query);
        const { t, ...rest } = parameters;
        // `t` alone is a parameter: Scope's clients always send it, and get the options' defaults.
        const chosen = viewRequest(view, t === undefined ? rest : { ...rest, t });
        const intervalMs = intervalMsOf(typeof t === 'string' ? t : undefined, interval);
        const end = live.follow(socket, { request: chosen, withFlows: wantsFlows(parameters), intervalMs });
        socket.on('close', end);
      } catch (error) {
        if (!(error instanceof OrchestratorError)) throw error;
        logger.debug('a view is refused', { view, error });
        socket.close(error.code === 'limit' ? tryAgainLater : policyViolation, error.message.slice(0, 120));
      }
    },
  });
}
