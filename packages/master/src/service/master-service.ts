import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import {
  createAuthenticator,
  createIdentify,
  createLibprocess,
  createMessageHttpHandler,
  createSharedServer,
  formatUuid,
  type Libprocess,
  type LocalProcess,
  type MasterInfoValid,
  newUuidBytes,
  routeMessages,
} from '@orchestrator/mesos';
import {
  type Clock,
  type Logger,
  makeFolder,
  OrchestratorError,
  type Random,
  retry,
  silentLogger,
  systemClock,
  systemRandom,
} from '@orchestrator/runtime';
import { openStore, type Store } from '@orchestrator/store';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { Allocator } from '../allocator/allocator.ts';
import { createAudit } from '../api/audit.ts';
import { createApi } from '../api/router.ts';
import type { MasterConfig } from '../config.ts';
import { MasterCore } from '../core/core.ts';
import { Contender } from '../election/contender.ts';
import { type MasterDetector, StandaloneDetector, ZooKeeperDetector } from '../election/detector.ts';
import { encodeMember, makeMasterInfo } from '../election/member.ts';
import { MasterError } from '../errors.ts';
import { flagsWithoutEffect } from '../flags.ts';
import { limitLogger, Verbosity } from '../log/verbosity.ts';
import { Registrar } from '../registrar/registrar.ts';
import { LeadershipGate } from './leadership-gate.ts';
import { LeadingMaster } from './leading-master.ts';
import { masterRoutes } from './master-process.ts';
import { WhitelistFile } from './whitelist-file.ts';

export interface MasterServiceOptions {
  readonly config: MasterConfig;
  /** Takes every level: what is written is decided by `logging_level`, and by operators. */
  readonly logger?: Logger;
  /** Default: its own. */
  readonly verbosity?: Verbosity;
  readonly clock?: Clock;
  readonly random?: Random;
  /** It has led and cannot any more, or cannot go on at all: the process should end, and be started anew. */
  readonly onFatal?: (error: unknown) => void;
}

/** What Mesos a master of ours says it is: agents and frameworks ask for features by it. */
const mesosVersion = '1.12.0';

/** A master: it stands for election, and leads when it is elected. */
export class MasterService {
  readonly #options: MasterServiceOptions;
  readonly #logger: Logger;
  readonly #verbosity: Verbosity;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #startedAtMs: number;
  #info: MasterInfoValid | undefined;
  #store: Store | undefined;
  #server: Server | undefined;
  #libprocess: Libprocess | undefined;
  #process: LocalProcess | undefined;
  #zookeeper: ZooKeeperClient | undefined;
  #contender: Contender | undefined;
  #detector: MasterDetector | undefined;
  #leading: LeadingMaster | undefined;
  #whitelist: WhitelistFile | undefined;
  readonly #gate: LeadershipGate;
  #isElected = false;
  #stopped = false;

  constructor(options: MasterServiceOptions) {
    const { logger = silentLogger, clock = systemClock, random = systemRandom } = options;
    this.#options = options;
    this.#verbosity = options.verbosity ?? new Verbosity(clock);
    this.#logger = limitLogger(logger, options.config.leastLogLevel, this.#verbosity);
    this.#clock = clock;
    this.#gate = new LeadershipGate(clock);
    this.#random = random;
    this.#startedAtMs = clock.nowMs();
  }

  /** Who it is, once it listens. */
  get info(): MasterInfoValid | undefined {
    return this.#info;
  }

  /** Undefined while it does not lead. */
  get leading(): LeadingMaster | undefined {
    return this.#leading;
  }

  /** Listens, then stands for election. Resolves when it takes part. */
  async start(): Promise<void> {
    const { config } = this.#options;
    for (const flag of flagsWithoutEffect(config.flags))
      this.#logger.warn('flag has no effect', { flag: flag.name, why: flag.why });
    if (config.workDir !== undefined) await makeFolder(config.workDir);
    this.#store = await openStore(config.store, { clock: this.#clock, random: this.#random });
    // Libprocess, whose messages may follow a request on its connection, knows no Host.
    const http = createHttpServer({ keepAliveTimeout: 60_000, requestTimeout: 0, requireHostHeader: false });
    const node = createLibprocess({
      // The port is known once it listens, and nothing is sent before.
      address: { host: config.advertisedIp, port: config.advertisedPort },
      clock: this.#clock,
      ...(config.tls === undefined ? {} : { tls: config.tls }),
      onHandlerError: (error, { type }) => this.#logger.warn('message not understood', { error, type }),
    });
    this.#libprocess = node;
    this.#server = createSharedServer({
      ...{ libprocess: node, http },
      ...(config.tls === undefined ? {} : { tls: config.tls }),
    });
    await listen(this.#server, config);
    const info = this.#identity(config);
    this.#info = info;
    const [takeMessage, serveApi] = [createMessageHttpHandler({ libprocess: node }), this.#api(info)];
    http.on('request', (request, response) => {
      if (!takeMessage(request, response)) serveApi(request, response);
    });
    this.#process = node.spawn('master', routeMessages(this.#routes(node)));
    this.#logger.info('listening', { upid: info.pid, id: info.id });
    await this.#standForElection(info);
  }

  #identity({ advertisedIp, advertisedPort, hostname, domain }: MasterConfig): MasterInfoValid {
    return makeMasterInfo({
      id: formatUuid(newUuidBytes()),
      ip: advertisedIp,
      port: advertisedPort,
      hostname,
      domain,
      version: mesosVersion,
    });
  }

  #api(info: MasterInfoValid) {
    const { config } = this.#options;
    const { requires } = config;
    const realms = new Set<'readonly' | 'readwrite' | 'scheduler'>();
    if (requires.readonly) realms.add('readonly');
    if (requires.readwrite) realms.add('readwrite');
    if (requires.httpFrameworks) realms.add('scheduler');
    return createApi({
      about: {
        info,
        startedAtMs: this.#startedAtMs,
        flags: config.flags,
        cluster: config.cluster,
        logFile: config.shownLogFile,
        version: { version: mesosVersion, buildDate: '', buildTimeMs: 0 },
      },
      leading: () => this.#leading,
      leader: () => this.#detector?.leader,
      authenticated: realms,
      identify: createIdentify({ ...config, nowMs: () => this.#clock.nowMs() }),
      acls: config.acls,
      disabledEndpoints: config.disabledEndpoints,
      audit: createAudit(this.#logger),
      clock: this.#clock,
      logger: this.#logger,
      loggingLevel: () => this.#verbosity.level,
      setLoggingLevel: (level, durationMs) => this.#verbosity.set(level, durationMs),
    });
  }

  #routes(libprocess: Libprocess) {
    const { credentials, requires, authenticationTimeoutMs } = this.#options.config;
    const authenticator = createAuthenticator({
      libprocess,
      secretOf: (principal) => credentials.get(principal),
      timeoutMs: authenticationTimeoutMs,
      clock: this.#clock,
      random: this.#random,
    });
    return masterRoutes({
      leading: () => this.#leading,
      gate: this.#gate,
      authenticator: credentials.size === 0 ? undefined : authenticator,
      requiresAgents: requires.agents,
      requiresFrameworks: requires.frameworks,
      logger: this.#logger,
    });
  }

  async #standForElection(info: MasterInfoValid): Promise<void> {
    const { zk, zkSessionTimeoutMs } = this.#options.config;
    if (zk === undefined) {
      this.#detector = new StandaloneDetector(info);
    } else {
      const { connectString, path, credentials } = zk;
      const client = await connect({
        connectString,
        sessionTimeoutMs: zkSessionTimeoutMs,
        clock: this.#clock,
        ...(credentials === undefined ? {} : { auth: [{ scheme: 'digest', credentials }] }),
      });
      this.#zookeeper = client;
      client.on('state', (state, error) => {
        const isWell = error === undefined;
        const fields = { state, ...(isWell ? { server: client.server } : { error }) };
        this.#logger[isWell ? 'info' : 'warn']('connection to ZooKeeper', fields);
      });
      this.#detector = new ZooKeeperDetector(client, path, { clock: this.#clock });
      const data = encodeMember(info);
      const secured = credentials !== undefined;
      this.#contender = new Contender({ client, path, data, secured, clock: this.#clock });
      this.#contender.on('lost', () => this.#onLost('its member in ZooKeeper is gone'));
      this.#contender.on('failed', (error) => this.#fatal(error));
    }
    this.#detector.on('leader', (leader) => this.#onLeader(leader, info));
    this.#detector.on('failed', (error) => this.#fatal(error));
    await this.#detector.start();
    await this.#contender?.start();
  }

  #onLeader(leader: MasterInfoValid | undefined, own: MasterInfoValid): void {
    this.#logger.info('leader detected', { leader: leader?.pid ?? null });
    if (leader?.id !== own.id) this.#onLost('another master leads, or none');
    else if (!this.#isElected) {
      this.#isElected = true;
      this.#lead(own).catch((error: unknown) => this.#fatal(error));
    }
  }

  /** A master that has led must not go on: it would answer from a state that is no longer the cluster's. */
  #onLost(why: string): void {
    if (!this.#isElected || this.#stopped) return;
    this.#fatal(new MasterError('lease-lost', `leadership is lost: ${why}`));
  }

  async #lead(info: MasterInfoValid): Promise<void> {
    const { config } = this.#options;
    const [store, process] = [this.#store, this.#process];
    if (store === undefined || process === undefined) return;
    const registrar = await this.#recover(store, info.pid);
    const whitelist = await this.#readWhitelist();
    if (this.#stopped) return;
    const region = config.domain?.faultDomain?.region.name;
    const allocator = new Allocator({
      random: this.#random,
      ...(region === undefined ? {} : { region }),
      minAllocatable: config.minAllocatable,
      keepsGpus: config.keepsGpus,
      fairSharingExcluded: config.fairSharingExcluded,
    });
    const core = new MasterCore({
      ...config.core,
      masterInfo: info,
      agentScheme: config.tls === undefined ? 'http' : 'https',
      authorizer: (principal, action, object) => config.acls.permits(action, principal, object),
      allocator,
      random: this.#random,
      registry: () => registrar.registry,
    });
    this.#leading = new LeadingMaster({
      ...{ core, registrar, allocator, process, clock: this.#clock, logger: this.#logger },
      mostSubscribers: config.mostSubscribers,
      rateLimits: config.rateLimits,
      onFatal: (error) => this.#fatal(error),
    });
    if (config.whitelist !== undefined) this.#leading.handle({ type: 'whitelist', hostnames: whitelist });
    this.#gate.open(this.#leading);
    this.#logger.info('leading', { term: registrar.term, agents: registrar.registry.admitted.size });
  }

  /** From then on this master is told when it changes. */
  async #readWhitelist(): Promise<ReadonlySet<string> | undefined> {
    const { whitelist: path } = this.#options.config;
    if (path === undefined) return undefined;
    let first: ReadonlySet<string> | undefined;
    this.#whitelist = new WhitelistFile({
      ...{ path, clock: this.#clock, logger: this.#logger },
      onList: (hostnames) => {
        first = hostnames;
        this.#leading?.handle({ type: 'whitelist', hostnames });
      },
    });
    await this.#whitelist.start();
    return first;
  }

  /** The store may be choosing a leader of its own just then: what killed the last master may have killed a member too. */
  #recover(store: Store, owner: string): Promise<Registrar> {
    const { storeTimeoutMs, fetchTimeoutMs } = this.#options.config;
    const [clock, random] = [this.#clock, this.#random];
    const deadlineMs = clock.monotonicMs() + fetchTimeoutMs;
    return retry(() => Registrar.recover({ store, owner, storeTimeoutMs, clock, random }), {
      ...{ clock, random, maxAttempts: Number.MAX_SAFE_INTEGER, maxDelayMs: 1_000 },
      shouldRetry: (error) => {
        const isPassing = error instanceof OrchestratorError && error.retryable;
        if (isPassing) this.#logger.warn('the registry cannot be read yet', { error });
        return isPassing && !this.#stopped && clock.monotonicMs() < deadlineMs;
      },
    });
  }

  #fatal(error: unknown): void {
    if (this.#stopped) return;
    this.#logger.error('cannot go on', { error });
    this.#leading?.close();
    this.#leading = undefined;
    this.#options.onFatal?.(error);
  }

  /** Leaves the election first, so that another leads while this one ends. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#gate.close();
    this.#whitelist?.close();
    await this.#contender?.close();
    await this.#detector?.close();
    this.#leading?.close();
    await this.#leading?.registrar.idle();
    this.#leading = undefined;
    await this.#zookeeper?.close();
    this.#server?.close();
    this.#libprocess?.close();
    await this.#store?.close();
  }
}

/** Agents that all come back at once are not to be turned away; the system's own limit holds too. */
const connectionsWaiting = 16_384;

function listen(server: Server, { ip, port }: MasterConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: ip, port, backlog: connectionsWaiting }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
