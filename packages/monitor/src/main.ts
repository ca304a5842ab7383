/** Puts the parts together: `createMonitorServer` for a process of one's own, its components for `runDaemon`. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  type AuthOptions,
  createHttpServer,
  createMetrics,
  type HttpServer,
  type Logger,
  type Metrics,
  silentLogger,
} from '@orchestrator/runtime';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { addRoutes } from './api/routes.ts';
import { createCollector } from './collect/collector.ts';
import { type LoadedMonitorConfig, readConfigFile, readSecret } from './config/load.ts';
import { createControls } from './control/controls.ts';
import { createPipes } from './control/pipes.ts';
import { createSwitchboard } from './control/switchboard.ts';
import { MonitorError } from './errors.ts';
import { createProbeServer } from './ingest/grpc-server.ts';
import { type Accounts, createAccounts } from './keep/accounts.ts';
import { createAudit } from './keep/audit.ts';
import { openDatabase } from './keep/database.ts';
import { createSessions, type Sessions } from './keep/sessions.ts';
import { createLiveViews } from './live/live-views.ts';
import { createRenderer } from './view/renderer.ts';

export interface MonitorServerOptions {
  readonly config: LoadedMonitorConfig;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Default: one of its own. */
  readonly metrics?: Metrics;
  /** For secrets that are in variables. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly version?: string;
}

export interface MonitorServer {
  /** For further routes, such as the console's files. */
  readonly http: HttpServer;
  /** Resolves to where clients and probes find it. */
  start(): Promise<{ readonly url: string; readonly probePort: number }>;
  stop(): Promise<void>;
}

const loopback = /^(localhost|::1|127\.\d+\.\d+\.\d+)$/;
const digestOf = (text: string) => createHash('sha256').update(text).digest();

/** Whether a probe's token is right. */
function probeGate(config: LoadedMonitorConfig, env: NonNullable<MonitorServerOptions['env']>) {
  const { host, tokens } = config.probes;
  const digests = tokens.map((reference) => digestOf(readSecret(reference, env)));
  if (digests.length > 0) {
    return (token: string) =>
      digests.map((digest) => timingSafeEqual(digest, digestOf(token))).includes(true);
  }
  if (config.auth.mode === 'off' || (loopback.test(host) && loopback.test(config.http.host)))
    return () => true;
  throw new MonitorError('config', `probes are listened for on ${host}, and there is no token for them`, {
    remedy: 'name files or variables with tokens in probes.tokens, or listen on 127.0.0.1',
  });
}

function tlsOf(tls: LoadedMonitorConfig['http']['tls']) {
  if (tls === undefined) return undefined;
  const ca = tls.ca === undefined ? {} : { ca: readConfigFile(tls.ca), clientCertificate: true };
  return { cert: readConfigFile(tls.cert), key: readConfigFile(tls.key), ...ca };
}

function authOf(
  { auth }: LoadedMonitorConfig,
  env: NonNullable<MonitorServerOptions['env']>,
  sessions: Sessions,
): AuthOptions | 'off' {
  if (auth.mode === 'off') return 'off';
  const tokens = auth.tokens.map(({ name, role, token }) => ({ name, role, token: readSecret(token, env) }));
  return { tokens, sessions: sessions.find };
}

/** Somebody must be able to log in the first time: the password is in a file that only this user can read. */
async function makeFirstAccount(
  accounts: Accounts,
  config: LoadedMonitorConfig,
  logger: Logger,
): Promise<void> {
  if (config.auth.mode === 'off' || accounts.list().length > 0) return;
  const file = join(config.workDir, 'initial-admin-password');
  const password = randomBytes(18).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: existsSync(file) ? 'w' : 'wx' });
  await accounts.put('admin', 'admin', password);
  logger.info('the account "admin" was made; change its password after the first login', { file });
}

/**
 * The monitor with its probes' service, its API, its live views and everything kept.
 *
 * @throws MonitorError `config` for files, tokens and addresses that cannot be used
 */
export async function createMonitorServer(options: MonitorServerOptions): Promise<MonitorServer> {
  const {
    config,
    logger = silentLogger,
    clock = systemClock,
    env = process.env,
    version = '0.1.0',
  } = options;
  const metrics = options.metrics ?? createMetrics();
  mkdirSync(config.workDir, { recursive: true, mode: 0o700 });
  const isAuthorised = probeGate(config, env);
  const database = openDatabase(join(config.workDir, 'monitor.sqlite'));
  const accounts = createAccounts(database, clock);
  const audit = createAudit(database, clock);
  const tls = tlsOf(config.http.tls);
  const sessions = createSessions({ accounts, clock, secure: tls !== undefined });
  const collector = createCollector({ clock, limits: config.collector });
  const pipes = createPipes(clock);
  const switchboard = createSwitchboard(pipes);
  const controls = createControls({ collector, switchboard, audit, rules: config.controls });
  const renderer = createRenderer();
  const live = createLiveViews({ collector, renderer, clock, logger });
  const appId = randomBytes(8).toString('hex');
  const probeTls = tlsOf(config.probes.tls);
  const probeServer = createProbeServer({
    ...{ host: config.probes.host, port: config.probes.port, isAuthorised },
    ...{ appId, collector, switchboard, pipes, clock, logger },
    ...(probeTls === undefined ? {} : { tls: probeTls }),
  });
  const http = await createHttpServer({
    ...{ host: config.http.host, port: config.http.port, logger, metrics },
    auth: authOf(config, env, sessions),
    allowedOrigins: config.http.allowedOrigins,
    allowOpenAccess: config.http.allowOpenAccess,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            cert: tls.cert,
            key: tls.key,
            ...('ca' in tls ? { ca: tls.ca, clientCertificate: 'require' as const } : {}),
          },
        }),
    openApi: { path: '/api/openapi.json', title: 'Orchestrator monitor', version },
  });
  const services = {
    appId,
    version,
    hostName: hostname(),
    collector,
    renderer,
    live,
    controls,
    pipes,
    audit,
    clock,
    logger,
  };
  addRoutes(http, { ...services, accounts, sessions, isAuthorised });
  return {
    http,
    async start() {
      await makeFirstAccount(accounts, config, logger);
      const probePort = await probeServer.listen();
      return { url: await http.listen(), probePort };
    },
    async stop() {
      live.close();
      await probeServer.close();
      await http.close();
      collector.close();
      database.close();
    },
  };
}
