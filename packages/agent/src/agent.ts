/** The shell around the core: sockets, timers, files and containers. */
import { createServer, type Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';
import { join } from 'node:path';
import {
  addressOf,
  authenticate,
  createLibprocess,
  createSharedServer,
  encodeMessage,
  formatUpid,
  type Leader,
  type Libprocess,
  type LocalProcess,
  type MasterDetector,
  newUuidBytes,
  parseUpid,
  routeMessages,
  type Tls,
} from '@orchestrator/mesos';
import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';
import { type Logger, silentLogger } from '@orchestrator/runtime/logger';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { createAgentApi } from './api/router.ts';
import { reconfigurationProblem } from './checkpoint/reconfiguration.ts';
import { CheckpointStore } from './checkpoint/store.ts';
import { type AgentConfig, agentInfoOf } from './config.ts';
import type { Containerizer } from './container/containerizer.ts';
import type { AgentEvent } from './core/events.ts';
import { type AgentState, type CoreOptions, defaultCoreOptions } from './core/records.ts';
import { executorContainers, restoreState, wantedContainers } from './core/recovery.ts';
import { step } from './core/step.ts';
import { type Action, findTask } from './core/turn.ts';
import { AgentError, reasonOf } from './errors.ts';
import { Fetcher } from './fetcher/fetcher.ts';
import { SandboxCollector } from './sandbox/collector.ts';
import { diskAllotments } from './sandbox/disk-quota.ts';
import { sandboxFolder } from './sandbox/layout.ts';
import { type ContainerServices, createContainerServices } from './service/container-services.ts';
import { DiskWatch } from './service/disk-watch.ts';
import { executorRoutes } from './service/executor-messages.ts';
import { ExecutorSessions } from './service/executor-sessions.ts';
import { Journal } from './service/journal.ts';
import { masterRoutes } from './service/master-messages.ts';
import { TaskRunner } from './service/task-runner.ts';

export interface AgentOptions {
  config: AgentConfig;
  /** What it left is recovered by `start`; closed by `stop`. */
  containerizer: Containerizer;
  detector: MasterDetector;
  /** On its port, and on the way to masters; default plain connections. */
  tls?: Tls;
  /** What custom executors are told of it; default nothing. */
  tlsVariables?: Readonly<Record<string, string>>;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
  /** The agent cannot go on: its disk fails, or the master does not want it. */
  onFatal: (error: unknown) => void;
}

type Performed = Exclude<Action, { type: 'save' | 'forget' }>;

export class Agent {
  readonly #options: AgentOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pid: string;
  readonly #store: CheckpointStore;
  readonly #journal: Journal;
  readonly #runner: TaskRunner;
  readonly #collector: SandboxCollector;
  readonly #fetcher: Fetcher;
  readonly #sessions: ExecutorSessions;
  readonly #services: ContainerServices;
  #diskWatch: DiskWatch | undefined;
  readonly #libprocess: Libprocess;
  readonly #timers = new Map<string, Timer>();
  readonly #stopping = new AbortController();
  readonly #http: HttpServer;
  #process: LocalProcess | undefined;
  #server: Server | undefined;
  #state: AgentState | undefined;

  constructor(options: AgentOptions) {
    const { config, clock = systemClock, logger = silentLogger, containerizer, onFatal } = options;
    const { advertisedIp: ip, advertisedPort: port, workDir, switchUser, allowPrivileged } = config;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#pid = formatUpid({ id: 'slave(1)', host: ip, port });
    this.#store = new CheckpointStore({ workDir, logger });
    this.#journal = new Journal({
      store: this.#store,
      logger,
      perform: (one) => this.#perform(one),
      onFatal,
    });
    this.#collector = new SandboxCollector({
      ...{ workDir, gcDelayMs: config.gcDelayMs, diskHeadroom: config.gcDiskHeadroom, clock, logger },
      diskWatchIntervalMs: config.diskWatchIntervalMs,
    });
    this.#fetcher = new Fetcher({
      cacheFolder: config.fetcher.cacheDir ?? join(workDir, 'fetch'),
      cacheBytes: config.fetcher.cacheBytes,
      stallTimeoutMs: config.fetcher.stallTimeoutMs,
      clock,
    });
    this.#sessions = new ExecutorSessions(clock);
    this.#libprocess = createLibprocess({
      address: { host: ip, port },
      ...(options.tls && { tls: options.tls }),
      clock,
      onHandlerError: (error, { type }) => logger.warn('a message was not understood', { type, error }),
    });
    this.#runner = new TaskRunner({
      recoveryTimeoutMs: config.recoveryTimeoutMs,
      variables: config.executorVariables,
      tlsVariables: options.tlsVariables ?? {},
      ...{ workDir, switchUser, allowPrivileged, pid: this.#pid, ip, port, containerizer, logger },
      ...{ fetcher: this.#fetcher, collector: this.#collector },
      agentId: () => this.state.info.id?.value ?? '',
      tell: (event) => this.#tell(event),
    });
    this.#services = createContainerServices({
      ...{ containerizer, workDir, logger },
      state: () => this.#state,
      sandboxOf: (containerId) => this.#runner.sandboxOf(containerId),
    });
    // Libprocess, whose messages may follow a request on its connection, knows no Host.
    this.#http = createServer({ requireHostHeader: false }, this.#api());
  }

  /** As the core has it; for reading. @throws AgentError before `start` */
  get state(): AgentState {
    if (this.#state === undefined) throw new AgentError('Config', 'the agent has not been started');
    return this.#state;
  }

  #api() {
    const { config, containerizer } = this.#options;
    return createAgentApi({
      ...{ config, containerizer, pid: this.#pid, clock: this.#clock, logger: this.#logger },
      startedAtMs: this.#clock.nowMs(),
      state: () => this.#state,
      ...this.#services,
      garbageCount: () => this.#collector.size,
      diskOf: (containerId) => this.#diskWatch?.measured(containerId) ?? [],
      tell: (event) => this.#tell(event),
      openSession: (containerId, response, format, onEnd) =>
        this.#sessions.open(containerId, response, format, onEnd),
    });
  }

  /**
   * Reads what was kept, finds what still runs, and then looks for a master.
   *
   * @throws AgentError `CheckpointUnreadable`, `Config` when the configuration has changed against the policy
   */
  async start(): Promise<void> {
    const { containerizer, detector } = this.#options;
    await this.#fetcher.open();
    this.#state = await this.#restore();
    await this.#collector.addFound(executorContainers(this.#state));
    const isRebooted = await this.#store.noteBoot();
    const wanted = wantedContainers(this.#state);
    const { standalone } = this.#services;
    const isWanted = (containerId: string) => wanted.has(containerId) || standalone.has(containerId);
    const containers = await containerizer.recover(isWanted);
    await this.#listen();
    this.#tell({ type: 'recovered', containers, isRebooted });
    for (const { containerId, state } of containers) {
      if (state === 'running' && wanted.has(containerId)) this.#runner.adopt(containerId);
    }
    this.#diskWatch = this.#watchDisk();
    this.#follow(detector).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#options.onFatal(error);
    });
  }

  async #restore(): Promise<AgentState> {
    const { config } = this.#options;
    const records = await this.#store.read();
    const configured = agentInfoOf(config);
    const saved = records.find((record) => record.kind === 'agent');
    if (saved === undefined) return restoreState(configured, this.#coreOptions(), records);
    const problem = reconfigurationProblem(saved.info, configured, config.reconfigurationPolicy);
    if (problem !== undefined) {
      throw new AgentError(
        'Config',
        `the agent is not what it was: ${problem}. Configure it as before, start it with ` +
          '--reconfiguration_policy=additive, or remove meta/state below its work_dir to join as another agent',
      );
    }
    const { id } = saved.info;
    const info = { ...configured, ...(id && { id }) };
    const state = restoreState(info, this.#coreOptions(), records);
    for (const framework of state.frameworks.values()) {
      for (const { info: executor, containerId } of framework.executors.values()) {
        const ids = { agentId: id?.value ?? '', frameworkId: framework.id, containerId };
        const path = sandboxFolder(config.workDir, { ...ids, executorId: executor.executorId.value });
        this.#runner.noteSandbox(containerId, path);
      }
    }
    return state;
  }

  #coreOptions(): CoreOptions {
    const { config, random = systemRandom } = this.#options;
    return {
      ...{ ...defaultCoreOptions, ...config.core, pid: this.#pid, random, newUuid: newUuidBytes },
      authenticates: config.credential !== undefined,
      authenticationBackoffMs: config.authentication.backoffMs,
    };
  }

  #watchDisk(): DiskWatch | undefined {
    const { config } = this.#options;
    const { workDir, containerDiskWatchIntervalMs: intervalMs, enforcesDiskQuota } = config;
    if (intervalMs === undefined) return undefined;
    const places = { workDir, sandboxOf: this.#services.sandboxOfContainer };
    return new DiskWatch({
      ...{ intervalMs, clock: this.#clock, logger: this.#logger },
      allotments: () => diskAllotments(this.state, places),
      onExceeded: (containerId, message) => {
        if (enforcesDiskQuota) this.#runner.endOverDisk(containerId, message);
      },
    });
  }

  async #listen(): Promise<void> {
    const { ip, port } = this.#options.config;
    const tell = (event: AgentEvent) => this.#tell(event);
    const executorOf = (frameworkId: string, taskId: string) =>
      findTask(this.state, frameworkId, taskId)?.executor.info.executorId.value;
    const handler = routeMessages([...masterRoutes(tell), ...executorRoutes(tell, executorOf)]);
    this.#process = this.#libprocess.spawn('slave(1)', handler);
    const { tls } = this.#options;
    const server = createSharedServer({
      libprocess: this.#libprocess,
      http: this.#http,
      ...(tls && { tls }),
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, ip, resolve);
    });
  }

  async #follow(detector: MasterDetector): Promise<void> {
    const { signal } = this.#stopping;
    let leader: Leader | undefined;
    while (!signal.aborted) {
      leader = await detector.detect(leader, signal);
      const master = leader?.info?.pid || (leader && `master@${addressOf(leader)}`);
      this.#logger.info('master detected', { master });
      this.#tell({ type: 'detected', master });
    }
  }

  #tell(event: AgentEvent): void {
    if (this.#state === undefined || this.#stopping.signal.aborted) return;
    this.#journal.add(step(this.#state, event, this.#clock.nowMs()).actions);
  }

  #perform(action: Performed): void {
    switch (action.type) {
      case 'link':
        this.#link(action.to);
        break;
      case 'authenticate':
        this.#authenticate(action.to);
        break;
      case 'send':
        this.#send(action);
        break;
      case 'event':
        this.#sessions.send(action.containerId, action.event);
        break;
      case 'closeSession':
        this.#sessions.close(action.containerId);
        break;
      case 'launch':
        this.#runner.launch(action.order);
        break;
      case 'kill':
        this.#runner.kill(action.containerId, action.graceMs);
        break;
      case 'release':
        this.#runner.release(action.containerId);
        break;
      case 'watch':
        this.#runner.watch(action.containerId, action.task);
        break;
      case 'timer':
      case 'cancelTimer':
        this.#setTimer(action);
        break;
      case 'volumes':
        this.#runner.keepVolumes(action).catch(this.#options.onFatal);
        break;
      case 'exit':
        this.#options.onFatal(new AgentError('Expelled', action.message));
        break;
      case 'log':
        this.#logger.info(action.message, action.fields);
        break;
    }
  }

  #link(to: string): void {
    const upid = parseUpid(to);
    if (upid === undefined) return;
    const onExited = () => this.#tell({ type: 'masterExited', master: to });
    this.#process?.link(upid, onExited, { reconnect: true });
  }

  #authenticate(to: string): void {
    const { credential, authentication } = this.#options.config;
    const [master, client] = [parseUpid(to), this.#process?.pid];
    if (credential === undefined || master === undefined || client === undefined) return;
    const { timeoutMs } = authentication;
    const options = { libprocess: this.#libprocess, master, client, ...credential, timeoutMs };
    const tell = (outcome: 'accepted' | 'refused' | 'failed', message: string) =>
      this.#tell({ type: 'authenticated', master: to, outcome, message });
    authenticate({ ...options, clock: this.#clock }).then(
      (isAccepted) => tell(isAccepted ? 'accepted' : 'refused', ''),
      (error: unknown) => tell('failed', reasonOf(error)),
    );
  }

  #send({ to, schema, message }: Extract<Action, { type: 'send' }>): void {
    const upid = parseUpid(to);
    if (upid !== undefined) this.#process?.sendBytes(upid, schema.typeName, encodeMessage(schema, message));
  }

  #setTimer(action: Extract<Action, { type: 'timer' | 'cancelTimer' }>): void {
    const { key } = action;
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    if (action.type === 'cancelTimer') return;
    const fire = () => {
      this.#timers.delete(key);
      this.#tell({ type: 'timer', key });
    };
    this.#timers.set(key, this.#clock.after(action.delayMs, fire, { background: true }));
  }

  /** Leaves all containers as they are, for the next agent on this `work_dir`. */
  async stop(): Promise<void> {
    this.#stopping.abort(new AgentError('Config', 'the agent is being stopped'));
    for (const timer of this.#timers.values()) timer.cancel();
    await this.#journal.idle();
    this.#collector.close();
    this.#diskWatch?.close();
    this.#services.nested.close();
    this.#sessions.closeAll();
    this.#process?.close();
    this.#libprocess.close();
    this.#http.closeAllConnections();
    this.#server?.close();
    await this.#runner.close();
  }
}
