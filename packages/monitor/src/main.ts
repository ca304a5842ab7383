/** Puts the parts together: `createMonitorServer` for a process of one's own, its component for `runDaemon`. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import {
  type Component,
  createHttpServer,
  createLogger,
  createMetrics,
  type HttpServer,
  type Logger,
  type Metrics,
  makeFolder,
  runDaemon,
  silentLogger,
} from '@orchestrator/runtime';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { consoleRoutes } from './api/console-files.ts';
import { endSocketsWithSessions } from './api/end-sockets.ts';
import { startLabels } from './api/label-routes.ts';
import { momentsOf } from './api/past.ts';
import { addRoutes } from './api/routes.ts';
import { type Collector, createCollector } from './collect/collector.ts';
import {
  authOf,
  type Environment,
  forgetFirstPassword,
  httpTls,
  makeFirstAccount,
  oidcOf,
  probeGate,
  probeTls,
} from './config/access.ts';
import { monitorHelp, readArguments } from './config/arguments.ts';
import { type LoadedMonitorConfig, loadMonitorConfig, readSecret } from './config/load.ts';
import {
  type CreateDetector,
  coordinatorPlaces,
  openConfiguredCluster,
  sharedStore,
} from './config/others.ts';
import { createControls } from './control/controls.ts';
import { createPipes } from './control/pipes.ts';
import { createRights, createViewRights } from './control/rights.ts';
import { createSwitchboard } from './control/switchboard.ts';
import { createProbeServer } from './ingest/grpc-server.ts';
import { createAccounts } from './keep/accounts.ts';
import { createAudit } from './keep/audit.ts';
import { openDatabase } from './keep/database.ts';
import { createLabels } from './keep/labels.ts';
import { createMetricHistory } from './keep/metric-history.ts';
import { createPictureHistory } from './keep/picture-history.ts';
import { createRecorder } from './keep/recorder.ts';
import { type RemoteWrite, startRemoteWrite } from './keep/remote-write.ts';
import { createSavedViews } from './keep/saved-views.ts';
import { createSessions } from './keep/sessions.ts';
import { createLiveViews } from './live/live-views.ts';
import { measuredRenderer, measureMonitor, measureRemoteWrite } from './measure.ts';
import { createMigrations } from './migrations/migrations.ts';
import { createSharing } from './share/sharing.ts';
import { createRenderer } from './view/renderer.ts';

export interface MonitorServerOptions {
  readonly config: LoadedMonitorConfig;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Default: one of its own. */
  readonly metrics?: Metrics;
  /** For secrets that are in variables. Default: this process's. */
  readonly env?: Environment;
  readonly version?: string;
  /** For `cluster.master`. Default: one that asks a list of hosts; it refuses `zk://`. */
  readonly createDetector?: CreateDetector;
  /** The console's built files. Default: none are served, and the API alone answers. */
  readonly consoleFolder?: string;
}

export interface MonitorServer {
  /** For further routes, such as the console's files. */
  readonly http: HttpServer;
  /** Resolves to where clients and probes find it. */
  start(): Promise<{ readonly url: string; readonly probePort: number }>;
  stop(): Promise<void>;
}

type Ambient = Required<Omit<MonitorServerOptions, 'version' | 'createDetector' | 'consoleFolder'>> & {
  readonly version: string;
};

const dayMs = 86_400_000;
/** Rows of metrics of the past; some 60 bytes each. */
const maxSamples = 10_000_000;

/** What is known now, and what can be done with it. */
function createPresent({ config, clock, logger, metrics }: Ambient, database: DatabaseSync) {
  const audit = createAudit(database, clock);
  const collector = createCollector({ clock, limits: config.collector });
  const pipes = createPipes(clock);
  const switchboard = createSwitchboard(pipes);
  const controls = createControls({ collector, switchboard, audit, rules: config.controls });
  const renderer = measuredRenderer(createRenderer(), metrics, clock);
  const live = createLiveViews({ collector, renderer, clock, logger });
  measureMonitor(metrics, collector, live);
  return { audit, collector, pipes, switchboard, controls, renderer, live };
}

/** What was. */
function createPast({ config }: Ambient, database: DatabaseSync) {
  const { days, maxPictureMb, maxSeries } = config.history;
  const keptMs = days * dayMs;
  return {
    metrics: createMetricHistory(database, { series: maxSeries, keptMs, samples: maxSamples }),
    pictures: createPictureHistory(database, { keptMs, bytes: maxPictureMb * 2 ** 20 }),
  };
}

function startConfiguredWrite(
  { config, env, clock, logger, metrics }: Ambient,
  collector: Collector,
): RemoteWrite | undefined {
  const { url, token, everyMs, labels } = config.remoteWrite;
  if (url === undefined) return undefined;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${readSecret(token, env)}` };
  const report = () => collector.report();
  const write = startRemoteWrite({ url, ...authorization, everyMs, labels, report, clock, logger });
  measureRemoteWrite(metrics, write);
  return write;
}

/**
 * The monitor with its probes' service, its API, its live views and everything kept.
 *
 * @throws MonitorError `config` for files, tokens and addresses that cannot be used
 */
export async function createMonitorServer(options: MonitorServerOptions): Promise<MonitorServer> {
  const ambient: Ambient = {
    ...{ logger: silentLogger, clock: systemClock, env: process.env, version: '0.1.0' },
    ...options,
    metrics: options.metrics ?? createMetrics(),
  };
  const { config, logger, clock, env, metrics, version } = ambient;
  await makeFolder(config.workDir, 0o700);
  const isAuthorised = probeGate(config, env);
  const database = openDatabase(join(config.workDir, 'monitor.sqlite'));
  const present = createPresent(ambient, database);
  const { collector, renderer, live } = present;
  const history = createPast(ambient, database);
  const recorder = createRecorder({
    ...{ collector, clock, logger, ...history, pictureEveryMs: config.history.pictureEveryMs },
  });
  const accounts = createAccounts(database, clock);
  // Behind a proxy with TLS, the address that people know tells.
  const secure = config.http.tls !== undefined || config.auth.oidc?.externalUrl.startsWith('https:') === true;
  const sessions = createSessions({ accounts, clock, secure });
  const labels = createLabels(database, clock);
  startLabels(collector, labels);
  const appId = randomBytes(8).toString('hex');
  const shared = await sharedStore(config, env, clock);
  const sharing =
    shared === undefined
      ? undefined
      : createSharing({ ...shared, ...present, instanceId: appId, clock, logger });
  const probes = createProbeServer({
    ...{ host: config.probes.host, port: config.probes.port, isAuthorised, appId, clock, logger },
    ...{ ...present, sharing },
    ...probeTls(config.probes.tls),
  });
  const { host, port, allowedOrigins, allowOpenAccess, compressWebSockets } = config.http;
  const http = await createHttpServer({
    ...{ host, port, allowedOrigins, allowOpenAccess, compressWebSockets, logger, metrics },
    ...httpTls(config.http.tls),
    auth: authOf(config, env, sessions),
    openApi: { path: '/api/openapi.json', title: 'Orchestrator monitor', version },
  });
  const cluster = await openConfiguredCluster({
    ...{ config, env, clock, logger, createDetector: options.createDetector },
  });
  const migrations = createMigrations({ places: coordinatorPlaces(config, env), clock, logger });
  let remoteWrite: RemoteWrite | undefined;
  let boundProbePort = config.probes.port;
  const momentAt = momentsOf({ collector, renderer, pictures: history.pictures });
  const stopEnding = endSocketsWithSessions(http, sessions, clock);
  addRoutes(http, {
    ...{ ...present, momentAt, appId, version, hostName: hostname(), clock, logger },
    probeService: () => ({
      ...{ host: config.probes.host, port: boundProbePort },
      ...{ tls: config.probes.tls !== undefined, token: config.probes.tokens.length > 0 },
    }),
    ...{ accounts, sessions, history, labels, isAuthorised, cluster, migrations },
    savedViews: createSavedViews(database, clock),
    requireRight: createRights(config.controls.roles),
    views: createViewRights(config.views.roles),
    onPassword: (name) => forgetFirstPassword(config, name),
    ...{ oidc: oidcOf(config, env, clock), isOpen: config.auth.mode === 'off', secure },
  });
  if (options.consoleFolder !== undefined) consoleRoutes(http, options.consoleFolder);
  return {
    http,
    async start() {
      await makeFirstAccount(accounts, config, logger);
      const probePort = await probes.listen();
      boundProbePort = probePort;
      const url = await http.listen();
      sharing?.start(config.sharing.address ?? `${config.probes.host}:${probePort}`);
      if (config.history.enabled) recorder.start();
      remoteWrite = startConfiguredWrite(ambient, collector);
      logger.info('the monitor answers', { url, probePort });
      return { url, probePort };
    },
    async stop() {
      live.close();
      stopEnding();
      await sharing?.close();
      await probes.close();
      await http.close();
      await cluster?.close();
      await migrations.close();
      await remoteWrite?.close();
      await recorder.stop();
      collector.close();
      database.close();
    },
  };
}

/** The monitor as a part of a daemon. */
export function monitorComponent(options: MonitorServerOptions): Component {
  let server: MonitorServer | undefined;
  return {
    name: 'monitor',
    async start() {
      server = await createMonitorServer(options);
      await server.start();
    },
    stop: () => server?.stop(),
  };
}

export interface RunMonitorOptions {
  /** Those after `orchestrator monitor`; see `monitorHelp`. */
  readonly args?: readonly string[];
  readonly environment?: Environment;
  readonly version?: string;
  readonly createDetector?: CreateDetector;
  readonly consoleFolder?: string;
  readonly logger?: Logger;
  /** Where the help goes. Default standard output. */
  readonly print?: (text: string) => void;
}

/**
 * `orchestrator monitor`. Resolves to the exit code: see `runDaemon`.
 *
 * @throws ConfigError, MonitorError `config` for flags, variables or a file that are wrong
 */
export async function runMonitor(options: RunMonitorOptions = {}): Promise<number> {
  const { args = [], environment = {}, version, createDetector, consoleFolder } = options;
  const { help, file, flags } = readArguments(args);
  if (help) {
    const { print = (text: string) => process.stdout.write(text) } = options;
    print(monitorHelp());
    return 0;
  }
  const config = loadMonitorConfig({ ...(file === undefined ? {} : { file }), flags, env: environment });
  const logger = options.logger ?? createLogger({ name: 'monitor' });
  const monitor = monitorComponent({
    ...{ config, logger, env: environment },
    ...(version === undefined ? {} : { version }),
    ...(createDetector === undefined ? {} : { createDetector }),
    ...(consoleFolder === undefined ? {} : { consoleFolder }),
  });
  return runDaemon({ components: [monitor], logger });
}
