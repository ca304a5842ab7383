/** A core with a registry in memory, and everything that it says written down: for tests. */
import {
  AgentInfo_Capability_Type,
  AgentInfoSchema,
  FrameworkIDSchema,
  FrameworkInfo_Capability_Type,
  FrameworkInfoSchema,
  internal,
  makeMessage,
  Resources,
  scheduler,
  type TaskState,
  TaskStatus_Source,
  TaskStatusSchema,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import { seededRandom } from '@orchestrator/runtime';
import { Allocator } from '../allocator/allocator.ts';
import { makeMasterInfo } from '../election/member.ts';
import { decide } from '../registrar/operations.ts';
import { applyChange, emptyRegistry, type MutableRegistry } from '../registrar/registry.ts';
import type { Action, AgentMessage, Answer } from './actions.ts';
import { MasterCore, type MasterCoreOptions } from './core.ts';
import type { CoreEvent, MessageFromAgent, OperatorWrite } from './events.ts';
import type { Connection } from './records.ts';

export interface ScriptOptions extends Partial<MasterCoreOptions> {
  readonly registry?: never;
  readonly stored?: MutableRegistry;
  readonly seed?: number;
  /** False: registry operations wait until `store()`. Default true. */
  readonly storesAtOnce?: boolean;
}

export class ScriptedCluster {
  readonly core: MasterCore;
  readonly registry: MutableRegistry;
  readonly toAgents: { readonly pid: string; readonly message: AgentMessage }[] = [];
  readonly toFrameworks: { readonly connection: Connection; readonly event: scheduler.EventValid }[] = [];
  readonly closed: Connection[] = [];
  readonly answers = new Map<number, Answer>();
  readonly others: Action[] = [];
  readonly #storesAtOnce: boolean;
  readonly #waiting: Extract<Action, { type: 'registry' }>[] = [];
  #nextRequest = 1;
  nowMs = 1_800_000_000_000;

  constructor({ stored, seed = 1, storesAtOnce = true, ...options }: ScriptOptions = {}) {
    const random = seededRandom(seed);
    this.registry = stored ?? emptyRegistry();
    this.#storesAtOnce = storesAtOnce;
    this.core = new MasterCore({
      masterInfo: makeMasterInfo({ id: 'M', ip: '127.0.0.1', port: 5050, hostname: 'm', version: '1.12.0' }),
      allocator: new Allocator({ random }),
      random,
      ...options,
      registry: () => this.registry,
    } as MasterCoreOptions);
    this.send({ type: 'recovered' });
  }

  send(event: CoreEvent): void {
    for (const action of this.core.handle(event, this.nowMs)) this.#take(action);
    if (this.#storesAtOnce) this.store();
  }

  #take(action: Action): void {
    if (action.type === 'to-agent') this.toAgents.push(action);
    else if (action.type === 'to-framework') this.toFrameworks.push(action);
    else if (action.type === 'defect') throw action.error;
    else if (action.type === 'close-framework') this.closed.push(action.connection);
    else if (action.type === 'answer') this.answers.set(action.requestId, action.answer);
    else if (action.type === 'registry') this.#waiting.push(action);
    else this.others.push(action);
  }

  /** Stores what waits for it. */
  store(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const decision = decide(this.registry, next.operation);
      if ('changes' in decision) for (const change of decision.changes) applyChange(this.registry, change);
      const outcome = 'refusal' in decision ? decision : { changed: decision.changes.length > 0 };
      this.send({ type: 'registry-done', token: next.token, outcome });
    }
  }

  /** Lets time pass, with everything that becomes due in it. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const dueMs = this.core.nextDueMs();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.send({ type: 'tick' });
    }
    this.nowMs = untilMs;
  }

  allocate(): void {
    this.send({ type: 'allocate' });
  }

  write(write: OperatorWrite, principal?: string): Answer | undefined {
    const requestId = this.#nextRequest++;
    this.send({ type: 'operator', requestId, principal, write });
    return this.answers.get(requestId);
  }

  fromAgent(pid: string, message: MessageFromAgent): void {
    this.send({ type: 'agent-message', pid, message });
  }

  /** Registers an agent; its id. */
  register(pid: string, resources = 'cpus:8;mem:8192;disk:1000;ports:[31000-32000]', hostname = 'h'): string {
    this.fromAgent(pid, {
      name: 'RegisterSlaveMessage',
      message: makeMessage(internal.RegisterSlaveMessageSchema, {
        agent: agentInfo(resources, hostname),
        version: '1.12.0',
        agentCapabilities: allAgentCapabilities,
      }),
    });
    return this.core.state.agentIdByPid.get(pid) ?? '';
  }

  /** Subscribes over HTTP; the framework's id. */
  subscribe(connectionId: string, init: Partial<Parameters<typeof frameworkInfo>[0]> = {}): string {
    const connection: Connection = { kind: 'http', connectionId, streamId: connectionId };
    const call = makeMessage(scheduler.Call_SubscribeSchema, { frameworkInfo: frameworkInfo(init) });
    this.send({ type: 'subscribe', connection, call });
    return this.core.frameworkOn(connection)?.id ?? '';
  }

  call(frameworkId: string, init: Parameters<typeof makeMessage<typeof scheduler.CallSchema>>[1]): void {
    const call = makeMessage(scheduler.CallSchema, init);
    call.frameworkId = makeMessage(FrameworkIDSchema, { value: frameworkId });
    this.send({ type: 'call', frameworkId, call });
  }

  /** Events that a connection got, oldest first, and forgets them. */
  heard(connectionId: string): scheduler.EventValid[] {
    const events: scheduler.EventValid[] = [];
    for (let index = 0; index < this.toFrameworks.length; ) {
      const { connection, event } = this.toFrameworks[index] ?? { connection: undefined, event: undefined };
      const isIts = connection?.kind === 'http' && connection.connectionId === connectionId;
      if (!isIts || event === undefined) index++;
      else {
        events.push(event);
        this.toFrameworks.splice(index, 1);
      }
    }
    return events;
  }

  /** Messages to agents since the last look. */
  sent(): { readonly pid: string; readonly message: AgentMessage }[] {
    return this.toAgents.splice(0);
  }

  offersOf(frameworkId: string) {
    return [...(this.core.state.frameworks.get(frameworkId)?.offers ?? [])];
  }
}

export const allAgentCapabilities = Object.values(AgentInfo_Capability_Type).map((type) => ({ type }));

export function agentInfo(resources: string, hostname = 'h', id?: string) {
  return makeMessage(AgentInfoSchema, {
    hostname,
    resources: Resources.parse(resources).toMessages('role'),
    ...(id === undefined ? {} : { id: { value: id } }),
  });
}

export function frameworkInfo(init: {
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly checkpoint?: boolean;
  readonly failoverTimeout?: number;
  readonly capabilities?: readonly (keyof typeof FrameworkInfo_Capability_Type)[];
  readonly principal?: string;
}) {
  const { id, roles = ['web'], checkpoint = true, failoverTimeout = 60, principal } = init;
  const capabilities = init.capabilities ?? ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT'];
  return makeMessage(FrameworkInfoSchema, {
    ...{ user: 'root', name: 'test', checkpoint, failoverTimeout },
    roles: [...roles],
    capabilities: capabilities.map((name) => ({ type: FrameworkInfo_Capability_Type[name] })),
    ...(id === undefined ? {} : { id: { value: id } }),
    ...(principal === undefined ? {} : { principal }),
  });
}

/** A command task. */
export const task = (taskId: string, agentId: string, resources = 'cpus:1;mem:32') => ({
  name: taskId,
  taskId: { value: taskId },
  agentId: { value: agentId },
  resources: Resources.parse(resources).toMessages(),
  command: { value: 'sleep 1' },
});

/** An update of an executor, as its agent sends it on. */
export function statusUpdate(
  frameworkId: string,
  agentId: string,
  taskId: string,
  state: TaskState,
  uuid = crypto.getRandomValues(new Uint8Array(16)),
): MessageFromAgent {
  const status: TaskStatusValid = makeMessage(TaskStatusSchema, {
    ...{ taskId: { value: taskId }, state, uuid, agentId: { value: agentId }, timestamp: 1 },
    source: TaskStatus_Source.EXECUTOR,
  });
  return {
    name: 'StatusUpdateMessage',
    message: makeMessage(internal.StatusUpdateMessageSchema, {
      update: {
        frameworkId: { value: frameworkId },
        agentId: { value: agentId },
        status,
        timestamp: 1,
        uuid,
      },
      pid: 'slave(1)@127.0.0.1:5051',
    }),
  };
}
