/** One agent without containers: whatever it is told to run, runs at once. */
import {
  AgentInfo_Capability_Type,
  AgentInfoSchema,
  create,
  type FrameworkInfoValid,
  internal,
  type Libprocess,
  type LocalProcess,
  newUuidBytes,
  onMessage,
  parseUpid,
  Resources,
  routeMessages,
  type TaskInfoValid,
  TaskSchema,
  TaskState,
  TaskStatus_Source,
  TaskStatusSchema,
  type Upid,
} from '@orchestrator/mesos';

/** What all agents of a fleet count together. */
export interface FleetCounts {
  registered: number;
  running: number;
  acknowledged: number;
  /** Updates that are sent again because nobody acknowledged them in time. */
  resent: number;
}

const registrationBackoffMs = 1_000;
const longestBackoffMs = 60_000;
/** As a real agent's status update manager. */
const resendMs = 10_000;

const capabilities = Object.values(AgentInfo_Capability_Type).map((type) => ({ type }));
const resources = Resources.parse('cpus:16;mem:65536;ports:[31000-32000]').toMessages('role');

interface Running {
  readonly info: TaskInfoValid;
  readonly framework: FrameworkInfoValid;
  /** Undefined once its update is acknowledged. */
  uuid: Uint8Array | undefined;
  sentAtMs: number;
}

export class SimulatedAgent {
  readonly #process: LocalProcess;
  readonly #counts: FleetCounts;
  readonly #tasks = new Map<string, Running>();
  #id: string | undefined;
  #master: Upid | undefined;
  #isRegistered = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(node: Libprocess, processId: string, counts: FleetCounts) {
    this.#counts = counts;
    this.#process = node.spawn(processId, routeMessages(this.#routes()));
  }

  /** With this master from now on. The first try comes after a random part of `spreadMs`; later ones back off by doubling. */
  follow(masterPid: string, spreadMs: number): void {
    this.#master = parseUpid(masterPid);
    if (this.#isRegistered) this.#counts.registered--;
    this.#isRegistered = false;
    this.#tryLater(Math.random() * spreadMs, registrationBackoffMs);
  }

  resendUnacknowledged(nowMs: number): void {
    for (const task of this.#tasks.values()) {
      if (task.uuid === undefined || nowMs - task.sentAtMs < resendMs) continue;
      this.#counts.resent++;
      this.#report(task);
    }
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  #tryLater(delayMs: number, backoffMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#register();
      this.#tryLater(backoffMs * (0.5 + Math.random() / 2), Math.min(2 * backoffMs, longestBackoffMs));
    }, delayMs);
  }

  #register(): void {
    const { host, port } = this.#process.pid;
    const agent = create(AgentInfoSchema, { hostname: host, port, resources, checkpoint: true });
    const about = { agent, version: '1.12.0', agentCapabilities: capabilities };
    if (this.#id === undefined) {
      this.#send(
        internal.RegisterSlaveMessageSchema,
        create(internal.RegisterSlaveMessageSchema, about as object),
      );
      return;
    }
    agent.id = create(internal.SlaveRegisteredMessageSchema, { agentId: { value: this.#id } }).agentId;
    const frameworks = new Map(
      [...this.#tasks.values()].map(({ framework }) => [framework.id?.value, framework]),
    );
    const tasks = [...this.#tasks.values()].map(({ info, framework, uuid }) =>
      create(TaskSchema, {
        ...{ name: info.name, taskId: info.taskId, agentId: info.agentId, resources: info.resources },
        frameworkId: framework.id ?? { value: '' },
        state: TaskState.TASK_RUNNING,
        ...(uuid === undefined ? {} : { statusUpdateState: TaskState.TASK_RUNNING, statusUpdateUuid: uuid }),
      }),
    );
    const schema = internal.ReregisterSlaveMessageSchema;
    this.#send(schema, create(schema, { ...about, tasks, frameworks: [...frameworks.values()] } as object));
  }

  #onRegistered(id: string): void {
    clearTimeout(this.#retry);
    this.#id = id;
    if (!this.#isRegistered) this.#counts.registered++;
    this.#isRegistered = true;
  }

  #run(info: TaskInfoValid, framework: FrameworkInfoValid): void {
    const task: Running = { info, framework, uuid: newUuidBytes(), sentAtMs: 0 };
    this.#tasks.set(info.taskId.value, task);
    this.#counts.running++;
    this.#report(task);
  }

  #report(task: Running): void {
    const { info, framework, uuid } = task;
    task.sentAtMs = Date.now();
    const timestamp = task.sentAtMs / 1000;
    const status = create(TaskStatusSchema, {
      ...{ taskId: info.taskId, state: TaskState.TASK_RUNNING, agentId: info.agentId, timestamp },
      source: TaskStatus_Source.EXECUTOR,
      ...(uuid === undefined ? {} : { uuid }),
    });
    const { id, host, port } = this.#process.pid;
    const schema = internal.StatusUpdateMessageSchema;
    const update = {
      ...{ frameworkId: framework.id ?? { value: '' }, agentId: info.agentId, status, timestamp },
      ...(uuid === undefined ? {} : { uuid }),
    };
    this.#send(schema, create(schema, { update, pid: `${id}@${host}:${port}` }));
  }

  #acknowledged(taskId: string): void {
    const task = this.#tasks.get(taskId);
    if (task?.uuid === undefined) return;
    task.uuid = undefined;
    this.#counts.acknowledged++;
  }

  #send(schema: Parameters<LocalProcess['send']>[1], message: Parameters<LocalProcess['send']>[2]): void {
    if (this.#master !== undefined) this.#process.send(this.#master, schema, message);
  }

  #routes() {
    return [
      onMessage(internal.SlaveRegisteredMessageSchema, ({ agentId }) => this.#onRegistered(agentId.value)),
      onMessage(internal.SlaveReregisteredMessageSchema, ({ agentId }) => this.#onRegistered(agentId.value)),
      onMessage(internal.PingSlaveMessageSchema, () => {
        this.#send(internal.PongSlaveMessageSchema, create(internal.PongSlaveMessageSchema));
      }),
      onMessage(internal.RunTaskMessageSchema, ({ task, framework }) => this.#run(task, framework)),
      onMessage(internal.StatusUpdateAcknowledgementMessageSchema, ({ taskId }) =>
        this.#acknowledged(taskId.value),
      ),
    ];
  }
}
