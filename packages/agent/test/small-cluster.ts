/** A cluster of one master, one agent in a process of its own, and a framework that runs what a test wants. */
import { fileURLToPath } from 'node:url';
import { MasterService, readConfig, readFlags } from '@orchestrator/master';
import {
  createFixedDetector,
  createSchedulerClient,
  type MessageShape,
  makeMessage,
  type OfferValid,
  Resources,
  type SchedulerClient,
  scheduler,
  TaskInfoSchema,
  type TaskState,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import {
  freePorts,
  removeFolder,
  type ServerProcess,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { agentNodeFlags } from '../src/index.ts';

/** Fields of a TaskInfo. */
type TaskInit = Record<string, unknown>;
const { Call_Type: calls } = scheduler;

export interface ClusterOptions {
  /** Of the agent, beside those for a quick start. */
  flags?: Record<string, string>;
  masterFlags?: Record<string, string>;
  masterEnvironment?: NodeJS.ProcessEnv;
  resources?: string;
  environment?: NodeJS.ProcessEnv;
  framework?: Record<string, unknown>;
  /** Default true; otherwise its state is not looked at in the end. */
  isOpen?: boolean;
  /** Writes what the agent needs into the cluster's folder. @returns flags that name it */
  prepare?: (folder: string) => Promise<Record<string, string>>;
}

export class SmallCluster {
  readonly statuses: TaskStatusValid[] = [];
  /** Of executors, as text. */
  readonly messages: string[] = [];
  readonly offers = new Map<string, OfferValid>();
  readonly folder: string;
  readonly masterPort: number;
  readonly agentPort: number;
  readonly master: MasterService;
  acknowledges = true;
  agent: ServerProcess | undefined;
  framework: SchedulerClient | undefined;
  readonly #options: ClusterOptions;

  private constructor(
    options: ClusterOptions,
    parts: { folder: string; masterPort: number; agentPort: number; master: MasterService },
  ) {
    this.#options = options;
    this.folder = parts.folder;
    this.masterPort = parts.masterPort;
    this.agentPort = parts.agentPort;
    this.master = parts.master;
  }

  static async start(options: ClusterOptions = {}): Promise<SmallCluster> {
    const folder = await temporaryFolder('cluster');
    const prepared = await options.prepare?.(folder);
    const [masterPort = 0, agentPort = 0] = await freePorts(2);
    const flags = { ip: '127.0.0.1', port: String(masterPort), work_dir: folder, ...options.masterFlags };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const config = await readConfig(
      await readFlags({ args, etc: folder, environment: options.masterEnvironment ?? {} }),
    );
    const master = new MasterService({
      config,
      onFatal: (error) => {
        throw error;
      },
    });
    await master.start();
    const cluster = new SmallCluster(
      { ...options, flags: { ...options.flags, ...prepared } },
      { folder, masterPort, agentPort, master },
    );
    await cluster.startAgent();
    cluster.#subscribe();
    await waitFor(() => cluster.framework?.subscribed, { what: 'the subscription' });
    return cluster;
  }

  get workDir(): string {
    return `${this.folder}/agent`;
  }

  get agentUrl(): string {
    return `http://127.0.0.1:${this.agentPort}`;
  }

  async startAgent(more: Record<string, string> = {}): Promise<void> {
    const program = fileURLToPath(new URL('agent-daemon.ts', import.meta.url));
    const flags = {
      ...{ master: `127.0.0.1:${this.masterPort}`, port: String(this.agentPort), work_dir: this.workDir },
      ...{ hostname: 'h', registration_backoff_factor: '10ms', containerizers: 'process' },
      resources: this.#options.resources ?? 'cpus:8;mem:4096;disk:1000;ports:[31000-32000]',
      ...this.#options.flags,
      ...more,
    };
    this.agent = await startProcess({
      command: process.execPath,
      args: [...agentNodeFlags, program, JSON.stringify(flags)],
      logFile: `${this.folder}/agent.log`,
      ...(this.#options.environment && { env: { ...process.env, ...this.#options.environment } }),
    });
  }

  async killAgent(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.agent?.signal(signal);
    await this.agent?.exit;
  }

  #subscribe(): void {
    const { framework: more = {} } = this.#options;
    this.framework = createSchedulerClient({
      detector: createFixedDetector({ host: '127.0.0.1', port: this.masterPort }),
      frameworkInfo: {
        ...{ user: 'root', name: 'test', roles: ['*'], checkpoint: true, failoverTimeout: 600 },
        capabilities: [{ type: 2 }, { type: 5 }, { type: 6 }, { type: 7 }],
        ...more,
      },
      onEvent: (event) => this.#onEvent(event),
      firstDelayMs: 50,
      maxDelayMs: 200,
    });
    this.framework.done.catch(() => undefined);
  }

  async #onEvent(event: MessageShape<typeof scheduler.EventSchema>): Promise<void> {
    for (const offer of event.offers?.offers ?? [])
      this.offers.set(offer.id?.value ?? '', offer as OfferValid);
    if (event.rescind !== undefined) this.offers.delete(event.rescind.offerId?.value ?? '');
    if (event.message !== undefined) this.messages.push(Buffer.from(event.message.data).toString());
    const status = event.update?.status as TaskStatusValid | undefined;
    if (status === undefined) return;
    this.statuses.push(status);
    if (this.acknowledges) await this.acknowledge(status);
  }

  async acknowledge({ agentId, taskId, uuid }: TaskStatusValid): Promise<void> {
    if (uuid.length === 0 || agentId === undefined) return;
    await this.framework?.call({ type: calls.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } });
  }

  /** An offer of a processor and more, which is then taken; what ends late is offered in pieces. */
  async takeOffer(): Promise<OfferValid> {
    const large = ({ resources }: OfferValid) => {
      const all = Resources.from(resources);
      return all.thousandths('cpus') >= 1000 && all.thousandths('mem') >= 256_000;
    };
    const offer = await waitFor(() => [...this.offers.values()].find(large), { what: 'an offer' });
    this.offers.delete(offer.id.value);
    return offer;
  }

  /** All that there are, which are then taken. */
  async takeOffers(): Promise<[OfferValid, ...OfferValid[]]> {
    const [first, ...others] = await waitFor(() => this.offers.size > 0 && [...this.offers.values()], {
      what: 'an offer',
    });
    this.offers.clear();
    if (first === undefined) throw new Error('there was an offer a moment ago');
    return [first, ...others];
  }

  /** Accepts offers with these operations at once; what it leaves is offered again. */
  async accept(offer: OfferValid | OfferValid[], operations: readonly object[]): Promise<void> {
    const offerIds = [offer].flat().map(({ id }) => id);
    const accept = { offerIds, operations: operations as never, filters: { refuseSeconds: 0 } };
    await this.framework?.call({ type: calls.ACCEPT, accept });
  }

  task(taskId: string, more: TaskInit, resources = 'cpus:0.2;mem:64'): Record<string, unknown> {
    return {
      ...{ name: taskId, taskId: { value: taskId } },
      resources: Resources.parse(resources).allocatedTo('*').toMessages(),
      ...more,
    };
  }

  async launch(...tasks: TaskInit[]): Promise<void> {
    const offer = await this.takeOffer();
    const taskInfos = tasks.map((task) => makeMessage(TaskInfoSchema, { ...task, agentId: offer.agentId }));
    await this.accept(offer, [{ type: 1, launch: { taskInfos } }]);
  }

  run(taskId: string, value: string, more: TaskInit = {}): Promise<void> {
    return this.launch(this.task(taskId, { command: { shell: true, value }, ...more }));
  }

  async kill(taskId: string, graceS?: number): Promise<void> {
    const nanoseconds = BigInt(Math.round((graceS ?? 0) * 1e9));
    const killPolicy = graceS === undefined ? {} : { killPolicy: { gracePeriod: { nanoseconds } } };
    await this.framework?.call({ type: calls.KILL, kill: { taskId: { value: taskId }, ...killPolicy } });
  }

  statusesOf(taskId: string): TaskStatusValid[] {
    return this.statuses.filter((status) => status.taskId.value === taskId);
  }

  /** Resolves with the first status of the task in that state. */
  async until(
    taskId: string,
    state: TaskState,
    also: (status: TaskStatusValid) => boolean = () => true,
  ): Promise<TaskStatusValid> {
    const find = () => this.statusesOf(taskId).find((status) => status.state === state && also(status));
    return await waitFor(find, {
      what: () => `task ${taskId} in state ${state}; it had ${this.#told(taskId)}`,
    });
  }

  #told(taskId: string): string {
    return this.statusesOf(taskId)
      .map(({ state, reason, message }) => `${state} (${reason} ${message})`)
      .join(', ');
  }

  sandbox(executorId: string): string {
    const ids = `frameworks/${this.framework?.frameworkId}/executors/${encodeURIComponent(executorId)}`;
    return `${this.workDir}/slaves/${this.agentId}/${ids}/runs/latest`;
  }

  get agentId(): string {
    return this.statuses[0]?.agentId?.value ?? '';
  }

  async state(): Promise<{ id: string; frameworks: { executors: { id: string; container: string }[] }[] }> {
    return (await (await fetch(`${this.agentUrl}/state`)).json()) as never;
  }

  /** Of the container of a command task. */
  containerOf(taskId: string): { value: string } {
    return { value: this.statusesOf(taskId)[0]?.containerStatus?.containerId?.value ?? '' };
  }

  /** Ends the tasks too. */
  async close(): Promise<void> {
    if (this.agent?.ended === undefined && this.framework?.subscribed) {
      await this.framework.call({ type: calls.TEARDOWN });
      const isOver = async () => (await this.state()).frameworks.length === 0;
      if (this.#options.isOpen !== false) await waitFor(isOver, { what: 'the end of the framework' });
    }
    this.framework?.close();
    await this.killAgent('SIGTERM');
    await this.master.stop();
    await removeFolder(this.folder);
  }
}
