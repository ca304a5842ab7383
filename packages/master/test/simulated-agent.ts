/** An agent as far as a master can tell: it registers over libprocess, runs what it is given, and reports it. */

import { createServer } from 'node:http';
import type { Server } from 'node:net';
import {
  AgentInfo_Capability_Type,
  AgentInfoSchema,
  createLibprocess,
  createSharedServer,
  encodeMessage,
  type FrameworkInfoValid,
  formatUpid,
  internal,
  type Libprocess,
  type LocalProcess,
  makeMessage,
  newUuidBytes,
  onMessage,
  parseUpid,
  type ReceivedMessage,
  Resources,
  routeMessages,
  type TaskInfoValid,
  TaskSchema,
  TaskState,
  TaskStatus_Source,
  TaskStatusSchema,
  type Tls,
  type Upid,
} from '@orchestrator/mesos';
import { freePorts } from '@orchestrator/testing';

interface Running {
  readonly info: TaskInfoValid;
  readonly framework: FrameworkInfoValid;
  state: TaskState;
}

const registerIntervalMs = 100;
/** A real one starts with ten seconds. */
const repeatIntervalMs = 500;

type Message = Pick<ReceivedMessage, 'type' | 'body'>;

/** Told of every message, as it is on the wire. */
interface Listener {
  readonly onSent?: (message: Message) => void;
  readonly onReceived?: (message: Message) => void;
}

interface SimulatedAgentOptions extends Listener {
  readonly tls?: Tls | undefined;
  readonly resources?: string;
}

export class SimulatedAgent implements AsyncDisposable {
  readonly #node: Libprocess;
  readonly #process: LocalProcess;
  readonly #server: Server;
  readonly #resources: string;
  readonly tasks = new Map<string, Running>();
  readonly acknowledged: string[] = [];
  id: string | undefined;
  get pid(): string {
    return formatUpid(this.#process.pid);
  }

  #master: Upid | undefined;
  #listener: Listener = {};
  #following: NodeJS.Timeout | undefined;
  #repeating: NodeJS.Timeout | undefined;
  /** What no acknowledgement has come for, by the id of the task. */
  readonly #unacknowledged = new Map<string, internal.StatusUpdateMessageValid>();
  #isRegistered = false;
  /** How often a master has taken it back. */
  reregistrations = 0;

  private constructor(node: Libprocess, server: Server, resources: string) {
    this.#resources = resources;
    this.#node = node;
    this.#server = server;
    const route = routeMessages(this.#routes());
    this.#process = node.spawn('slave(1)', (message) => {
      this.#listener.onReceived?.(message);
      return route(message);
    });
  }

  static async start({
    tls,
    resources = 'cpus:8;mem:8192;disk:1000;ports:[31000-32000]',
    ...listener
  }: SimulatedAgentOptions = {}): Promise<SimulatedAgent> {
    const [port = 0] = await freePorts(1);
    const libprocess = createLibprocess({
      address: { host: '127.0.0.1', port },
      ...(tls === undefined ? {} : { tls }),
    });
    const server = createSharedServer({
      ...{ libprocess, http: createServer() },
      ...(tls === undefined ? {} : { tls }),
    });
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
    const agent = new SimulatedAgent(libprocess, server, resources);
    agent.listen(listener);
    return agent;
  }

  listen(listener: Listener): void {
    this.#listener = listener;
  }

  /** With its id and tasks, if it has them. */
  register(masterPid: string): void {
    this.#master = parseUpid(masterPid);
    const info = makeMessage(AgentInfoSchema, {
      hostname: 'localhost',
      port: this.#process.pid.port,
      resources: Resources.parse(this.#resources).toMessages('role'),
      checkpoint: true,
      ...(this.id === undefined ? {} : { id: { value: this.id } }),
    });
    const agentCapabilities = Object.values(AgentInfo_Capability_Type).map((type) => ({ type }));
    const about = { agent: info, version: '1.12.0', agentCapabilities };
    if (this.id === undefined) {
      this.#send(
        internal.RegisterSlaveMessageSchema,
        makeMessage(internal.RegisterSlaveMessageSchema, about),
      );
      return;
    }
    const tasks = [...this.tasks.values()].map(({ info: task, framework, state }) =>
      makeMessage(TaskSchema, {
        ...{ name: task.name, taskId: task.taskId, agentId: task.agentId, resources: task.resources, state },
        frameworkId: framework.id ?? { value: '' },
      }),
    );
    const frameworks = [...this.tasks.values()].map(({ framework }) => framework);
    const schema = internal.ReregisterSlaveMessageSchema;
    this.#send(schema, makeMessage(schema, { ...about, tasks, frameworks }));
  }

  /** Registers with whoever leads, until it is taken, as often as the leader changes; repeats updates until then. */
  follow(leaderPid: () => string | undefined): void {
    let registeredWith: string | undefined;
    this.#following = setInterval(() => {
      const pid = leaderPid();
      if (pid === undefined || (pid === registeredWith && this.#isRegistered)) return;
      registeredWith = pid;
      this.#isRegistered = false;
      this.#watch(pid);
      this.register(pid);
    }, registerIntervalMs);
    this.#repeating = setInterval(() => this.#sendUpdates(), repeatIntervalMs);
  }

  /** A master that is started again has the address that it had, and knows nothing of those who had registered. */
  #watch(masterPid: string): void {
    const master = parseUpid(masterPid);
    if (master === undefined) return;
    this.#process.link(master, () => {
      this.#isRegistered = false;
    });
  }

  report(taskId: string, state: TaskState): void {
    const running = this.tasks.get(taskId);
    if (running === undefined) throw new Error(`no task ${taskId}`);
    running.state = state;
    const uuid = newUuidBytes();
    const agentId = { value: this.id ?? '' };
    const status = makeMessage(TaskStatusSchema, {
      ...{ taskId: { value: taskId }, state, uuid, agentId, timestamp: Date.now() / 1000 },
      source: TaskStatus_Source.EXECUTOR,
    });
    const schema = internal.StatusUpdateMessageSchema;
    const frameworkId = running.framework.id ?? { value: '' };
    const { host, port } = this.#process.pid;
    const message = makeMessage(schema, {
      update: { frameworkId, agentId, status, uuid, timestamp: status.timestamp },
      pid: `slave(1)@${host}:${port}`,
    });
    this.#unacknowledged.set(taskId, message);
    this.#send(schema, message);
  }

  #onRegistered(): void {
    this.#isRegistered = true;
    this.#sendUpdates();
  }

  #sendUpdates(): void {
    if (!this.#isRegistered) return;
    for (const message of this.#unacknowledged.values()) {
      this.#send(internal.StatusUpdateMessageSchema, message);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#following);
    clearInterval(this.#repeating);
    this.#node.close();
    this.#server.close();
  }

  #send(schema: Parameters<LocalProcess['send']>[1], message: Parameters<LocalProcess['send']>[2]): void {
    if (this.#master === undefined) return;
    this.#listener.onSent?.({ type: schema.typeName, body: Buffer.from(encodeMessage(schema, message)) });
    this.#process.send(this.#master, schema, message);
  }

  #routes() {
    return [
      onMessage(internal.SlaveRegisteredMessageSchema, ({ agentId }) => {
        this.id = agentId.value;
        this.#onRegistered();
      }),
      onMessage(internal.SlaveReregisteredMessageSchema, () => {
        this.reregistrations++;
        this.#onRegistered();
      }),
      onMessage(internal.PingSlaveMessageSchema, () => {
        this.#send(internal.PongSlaveMessageSchema, makeMessage(internal.PongSlaveMessageSchema, {}));
      }),
      onMessage(internal.RunTaskMessageSchema, ({ task, framework }) => {
        this.tasks.set(task.taskId.value, { info: task, framework, state: TaskState.TASK_STAGING });
        this.report(task.taskId.value, TaskState.TASK_RUNNING);
      }),
      onMessage(internal.KillTaskMessageSchema, ({ taskId }) =>
        this.report(taskId.value, TaskState.TASK_KILLED),
      ),
      onMessage(internal.StatusUpdateAcknowledgementMessageSchema, ({ taskId }) => {
        this.acknowledged.push(taskId.value);
        this.#unacknowledged.delete(taskId.value);
      }),
    ];
  }
}
