/** What is served where, by whom, and to whom. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Acls,
  BlockPool,
  double,
  type Exchange,
  HttpRefusal,
  type Identify,
  jsonText,
  type MasterInfoValid,
  mediaTypes,
  readBody,
  requestTarget,
  sendChunks,
  sendJson,
  sendMethodNotAllowed,
  sendText,
} from '@orchestrator/mesos';
import type { Clock, Logger } from '@orchestrator/runtime';
import { prometheusText } from '../metrics/prometheus.ts';
import { snapshot, systemStats } from '../metrics/snapshot.ts';
import type { LeadingMaster } from '../service/leading-master.ts';
import type { About } from './about.ts';
import type { Audit } from './audit.ts';
import { sendExplanation } from './explain.ts';
import * as reads from './legacy-reads.ts';
import { legacyWrite } from './legacy-writes.ts';
import * as logFiles from './log-files.ts';
import { serveOperator, serveWrite } from './operator-api.ts';
import type { OperatorPlace } from './operator-place.ts';
import { serveScheduler } from './scheduler-api.ts';
import { SharedAnswers } from './shared-answer.ts';
import { Slicer } from './slicer.ts';
import { createViewer } from './viewer.ts';

type Realm = 'readonly' | 'readwrite' | 'scheduler';

export interface ApiOptions {
  readonly about: About;
  /** Undefined while this master does not lead, or has not read the registry yet. */
  readonly leading: () => LeadingMaster | undefined;
  readonly leader: () => MasterInfoValid | undefined;
  /** Realms whose requests must say who sends them. */
  readonly authenticated: ReadonlySet<Realm>;
  readonly identify: Identify;
  /** Paths, as they are asked for, that are served to nobody. */
  readonly disabledEndpoints: ReadonlySet<string>;
  readonly acls: Acls;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly loggingLevel: () => number;
  readonly setLoggingLevel: (level: number, durationMs: number) => void;
}

type Figures = Iterable<readonly (readonly [string, number])[]>;

type Serve = (exchange: Exchange, place: OperatorPlace) => Promise<void> | void;

interface Route {
  readonly path: string;
  readonly realm: Realm | undefined;
  /** Answered by every master; the rest by the leader alone. */
  readonly local?: boolean;
  readonly methods?: readonly string[];
  readonly serve: Serve;
}

const read = (path: string, serve: Serve, methods?: readonly string[]): Route => ({
  ...{ path, serve, realm: 'readonly' },
  ...(methods === undefined ? {} : { methods }),
});

const writes = (path: string, methods: readonly string[], onRead?: Serve): Route => ({
  ...{ path, methods, realm: 'readwrite' },
  async serve(exchange, place) {
    const { method = 'GET' } = exchange.request;
    if (method === 'GET' && onRead !== undefined) return onRead(exchange, place);
    const body = (await readBody(exchange.request)).toString();
    await serveWrite(place, exchange, legacyWrite(method, exchange.path, body), `${method} ${exchange.path}`);
  },
});

const leaderRoutes: readonly Route[] = [
  {
    path: '/api/v1/scheduler',
    realm: 'scheduler',
    methods: ['POST'],
    serve: (exchange, place) => serveScheduler(place, exchange),
  },
  {
    path: '/api/v1',
    realm: 'readwrite',
    methods: ['POST'],
    serve: (exchange, place) => serveOperator(place, exchange),
  },
  read('/state', reads.sendState),
  read('/state-summary', reads.sendSummary),
  read('/slaves', reads.sendAgents),
  read('/frameworks', reads.sendFrameworks),
  read('/tasks', reads.sendTasks),
  read('/roles', reads.sendRoles),
  read('/maintenance/status', reads.sendMaintenanceStatus, ['GET']),
  read('/explain', sendExplanation, ['GET']),
  read('/registrar(1)/registry', reads.sendRegistry),
  writes('/maintenance/schedule', ['GET', 'POST'], reads.sendSchedule),
  writes('/machine/down', ['POST']),
  writes('/machine/up', ['POST']),
  writes('/weights', ['GET', 'PUT'], reads.sendWeights),
  writes('/quota', ['GET', 'POST', 'DELETE'], reads.sendQuota),
  writes('/teardown', ['POST']),
  writes('/reserve', ['POST']),
  writes('/unreserve', ['POST']),
  writes('/create-volumes', ['POST']),
  writes('/destroy-volumes', ['POST']),
];

/** The handler of the HTTP server. */
export function createApi(options: ApiOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { about, clock, logger } = options;
  const local = localRoutes(options);
  const slicer = new Slicer(() => clock.monotonicMs());
  const blocks = new BlockPool();
  const shared = new SharedAnswers(slicer, blocks);
  const routes = [...leaderRoutes, ...local].sort((left, right) => right.path.length - left.path.length);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path: fullPath, search } = requestTarget(request.url ?? '/');
    const prefix = fullPath.startsWith('/master/') ? '/master' : '';
    const path = fullPath.slice(prefix.length);
    const route = routes.find((each) => path === each.path || path.startsWith(`${each.path}/`));
    // By whatever longer path it is reached: also that is it.
    if ([fullPath, `${prefix}${route?.path ?? ''}`].some((each) => options.disabledEndpoints.has(each))) {
      return sendText(response, 403, `Endpoint '${fullPath}' is disabled`);
    }
    if (route === undefined || (route.path === '/redirect' && path !== route.path))
      return sendText(response, 404);
    if (!route.local && !isServedHere(options, path, search, response)) return;
    const query = new URLSearchParams(search);
    const exchange = { request, response, path, query, principal: undefined };
    const principal = authenticate(options, route.realm, request, response);
    if (principal === 'refused') return;
    const { method = 'GET' } = request;
    if (route.methods !== undefined && !route.methods.includes(method)) {
      return sendMethodNotAllowed(response, route.methods, method);
    }
    const leading = options.leading();
    await route.serve({ ...exchange, principal }, placeOf(options, leading as LeadingMaster, principal));
  }

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (error instanceof HttpRefusal) {
        if (!response.headersSent) sendText(response, error.status, error.message);
        return;
      }
      logger.error('request failed', { error, path: request.url, upid: about.info.pid });
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'Internal error; the log of the master says more');
    });
  };

  function placeOf(given: ApiOptions, master: LeadingMaster, principal: string | undefined): OperatorPlace {
    return {
      ...{ master, about, clock, acls: given.acls, audit: given.audit },
      viewer: createViewer(given.acls, principal),
      ...{ slicer, shared, blocks },
      metrics: () => figures(given),
      loggingLevel: given.loggingLevel,
      setLoggingLevel: given.setLoggingLevel,
    };
  }
}

function figures({ leading, about, clock }: ApiOptions): Figures {
  const perFramework = about.flags.publish_per_framework_metrics !== 'false';
  const { startedAtMs } = about;
  return snapshot({ master: leading(), startedAtMs, nowMs: clock.nowMs(), perFramework });
}

/** `{"name":1.0,…}` between two texts. */
function* snapshotText(batches: Figures, [before, after]: readonly [string, string]): Generator<string> {
  let separator = `${before}{`;
  for (const batch of batches) {
    let text = '';
    for (const [name, value] of batch) {
      text += `${separator}${JSON.stringify(name)}:${jsonText(double(value))}`;
      separator = ',';
    }
    yield text;
  }
  yield `}${after}`;
}

function localRoutes(options: ApiOptions): Route[] {
  const { about, leader } = options;
  const everywhere = (path: string, serve: Serve, realm: Realm | undefined = 'readonly'): Route => ({
    ...{ path, serve, realm, local: true },
  });
  return [
    everywhere('/health', ({ response }) => sendText(response, 200), undefined),
    everywhere('/version', (exchange) => sendJson(exchange, reads.versionText(about)), undefined),
    everywhere('/flags', (exchange, { viewer }) => {
      if (!viewer.permits('view_flags')) return sendText(exchange.response, 403);
      sendJson(exchange, reads.flagsText(about));
    }),
    everywhere('/metrics/snapshot', (exchange, { viewer, slicer: turns }) => {
      if (!viewer.permits('get_endpoint', '/metrics/snapshot')) throw new HttpRefusal(403, '');
      const callback = exchange.query.get('jsonp');
      const pieces = snapshotText(figures(options), callback === null ? ['', ''] : [`${callback}(`, ');']);
      const contentType = callback === null ? mediaTypes.json : 'text/javascript';
      return sendChunks(exchange.response, contentType, pieces, { turns });
    }),
    everywhere('/metrics', ({ response }, { viewer, slicer }) => {
      if (!viewer.permits('get_endpoint', '/metrics/snapshot')) throw new HttpRefusal(403, '');
      const contentType = 'text/plain; version=0.0.4; charset=utf-8';
      return sendChunks(response, contentType, prometheusText(figures(options), slicer), { turns: slicer });
    }),
    everywhere('/files/browse', logFiles.browse),
    everywhere('/files/read', logFiles.read),
    everywhere('/files/download', logFiles.download),
    everywhere('/files/debug', logFiles.debug),
    everywhere('/logging/toggle', logFiles.toggleLogging, 'readwrite'),
    everywhere('/system/stats.json', (exchange) => sendJson(exchange, JSON.stringify(systemStats()))),
    everywhere(
      '/redirect',
      ({ response }) => {
        const info = leader();
        if (info === undefined) return sendText(response, 503, 'No leader elected');
        redirect(response, info, '');
      },
      undefined,
    ),
  ];
}

function redirect(response: ServerResponse, leader: MasterInfoValid, path: string): void {
  response.setHeader('Location', `//${leader.hostname}:${leader.port}${path}`);
  sendText(response, 307);
}

/** Sends those away that came to a master which does not lead. */
function isServedHere(options: ApiOptions, path: string, search: string, response: ServerResponse): boolean {
  const leader = options.leader();
  if (leader === undefined) sendText(response, 503, 'No leader elected');
  else if (leader.id !== options.about.info.id) redirect(response, leader, `/master${path}${search}`);
  else if (options.leading() === undefined) sendText(response, 503, 'Master has not finished recovery');
  else return true;
  return false;
}

function authenticate(
  { identify, authenticated }: ApiOptions,
  realm: Realm | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): string | undefined {
  if (realm === undefined || !authenticated.has(realm)) return undefined;
  const who = identify(request);
  if (typeof who === 'object') return who.principal;
  response.setHeader('WWW-Authenticate', `Basic realm="mesos-master-${realm}"`);
  sendText(response, 401);
  return 'refused';
}
