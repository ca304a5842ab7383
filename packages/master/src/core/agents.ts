/** Agents in the books: added when they register, removed when they are given up. */
import {
  AgentInfo_Capability_Type,
  type AgentInfoValid,
  type internal,
  isDynamicallyReserved,
  isPersistentVolume,
  isTerminal,
  makeKind,
  makeMessage,
  internal as messages,
  type ResourceKind,
  Resources,
  type ResourceValid,
  scheduler,
  TaskState,
  type TaskStatus_Reason,
} from '@orchestrator/mesos';
import { log, type MasterContext, toAgent, toFramework } from './context.ts';
import { agentFacts, hold } from './holdings.ts';
import { machineOf, rescindOffersOf } from './offers.ts';
import { removeOperation } from './operations.ts';
import { tellAgentAdded } from './operator-events.ts';
import type { AgentRecord } from './records.ts';
import { masterStatus, sendStatus } from './statuses.ts';
import { removeExecutor, removeTask, updateTask } from './tasks.ts';

const capabilityNames = new Map<number, string>(
  Object.entries(AgentInfo_Capability_Type).map(([name, type]) => [type, name]),
);

export const agentCapabilities = (
  list: internal.RegisterSlaveMessageValid['agentCapabilities'],
): ReadonlySet<string> => new Set(list.flatMap(({ type }) => capabilityNames.get(type) ?? []));

function withoutDynamic(kind: ResourceKind): ResourceKind {
  const reservations = kind.reservations.filter((each) => each.type === 1);
  const { persistence, volume, ...disk } = kind.disk ?? {};
  const rest = kind.disk?.source === undefined ? undefined : (disk as ResourceKind['disk']);
  return makeKind({ ...kind, reservations, disk: rest, shared: false });
}

/** What the agent has, with the reservations and volumes that it keeps on its disk. What does not fit any more is left out. */
export function totalOf(info: AgentInfoValid, checkpointed: readonly ResourceValid[]): Resources {
  let total = Resources.from(info.resources);
  for (const entry of Resources.from(checkpointed)) {
    if (!isDynamicallyReserved(entry.kind) && !isPersistentVolume(entry.kind)) continue;
    const single = Resources.join([entry]);
    if (total.contains(single)) continue;
    const bare = single.mapKinds(withoutDynamic);
    if (total.contains(bare)) total = total.minus(bare).plus(single);
  }
  return total;
}

export interface NewAgent {
  readonly id: string;
  readonly info: AgentInfoValid;
  readonly pid: string;
  readonly version: string;
  readonly capabilities: ReadonlySet<string>;
  readonly total: Resources;
  readonly resourceVersion: AgentRecord['resourceVersion'];
  readonly registeredAtMs: number;
  readonly reregisteredAtMs: number | undefined;
  readonly drainInfo: AgentRecord['drainInfo'];
  readonly deactivated: boolean;
}

export function makeAgent(facts: NewAgent): AgentRecord {
  return {
    ...facts,
    connected: true,
    active: !facts.deactivated,
    drainStartedAtMs: undefined,
    resourceProviders: [],
    tasks: new Map(),
    executors: new Map(),
    used: new Map(),
    offers: new Set(),
    inverseOffers: new Set(),
    operations: new Map(),
    killsWaiting: new Map(),
    inverseAnswers: new Map(),
    unansweredPings: 0,
    url: undefined,
    shownAs: undefined,
  };
}

/** Into the books, and from there to the allocator: call it once the tasks of the agent are in. */
export function addAgent(context: MasterContext, agent: AgentRecord): void {
  const { state, allocator } = context;
  allocator.setAgent(agent.id, agentFacts(agent));
  allocator.setAgentActive(agent.id, mayBeOffered(context, agent));
  for (const [frameworkId, used] of agent.used) hold(context, frameworkId, agent.id, used);
  allocator.setUnavailability(agent.id, unavailabilityOf(context, agent));
  state.recoveredAgents.delete(agent.id);
  state.unreachableAgents.delete(agent.id);
  tellAgentAdded(context, agent);
  watch(context, agent);
}

export function unavailabilityOf(context: MasterContext, agent: AgentRecord) {
  const unavailability = context.state.machines.get(machineOf(agent))?.unavailability;
  if (unavailability === undefined) return undefined;
  const { start, duration } = unavailability;
  return {
    startMs: Number(start.nanoseconds / 1_000_000n),
    ...(duration === undefined ? {} : { durationMs: Number(duration.nanoseconds / 1_000_000n) }),
  };
}

/** Its connection is watched, and it is pinged from now on. */
export function watch(context: MasterContext, agent: AgentRecord): void {
  context.state.agentIdByPid.set(agent.pid, agent.id);
  context.actions.push({ type: 'link-agent', agentId: agent.id, pid: agent.pid });
  agent.unansweredPings = 0;
  ping(context, agent);
}

export function ping(context: MasterContext, agent: AgentRecord): void {
  const message = makeMessage(messages.PingSlaveMessageSchema, { connected: agent.connected });
  toAgent(context, agent.pid, 'PingSlaveMessage', message);
  context.timers.set(`ping ${agent.id}`, context.steadyMs + context.options.agentPingTimeoutMs, {
    type: 'ping',
    agentId: agent.id,
  });
}

export interface Removal {
  readonly taskState:
    | typeof TaskState.TASK_UNREACHABLE
    | typeof TaskState.TASK_GONE_BY_OPERATOR
    | typeof TaskState.TASK_LOST
    | typeof TaskState.TASK_GONE;
  readonly reason: TaskStatus_Reason;
  readonly message: string;
  readonly unreachableAtNs?: bigint;
}

function removeTasksOf(context: MasterContext, agent: AgentRecord, removal: Removal): void {
  const { taskState, reason, message, unreachableAtNs } = removal;
  const away = taskState === TaskState.TASK_UNREACHABLE;
  for (const [frameworkId, tasks] of [...agent.tasks]) {
    const framework = context.state.frameworks.get(frameworkId);
    if (framework === undefined) continue;
    for (const task of [...tasks.values()]) {
      if (isTerminal(task.message.state)) {
        removeTask(context, task, 'completed');
        continue;
      }
      const status = masterStatus(context, framework, {
        ...{ taskId: task.taskId, agentId: agent.id, state: taskState, reason, message, unreachableAtNs },
      });
      updateTask(context, task, status);
      context.counters.add(`master/tasks_lost_by_agent`);
      removeTask(context, task, away ? 'unreachable' : 'completed');
      sendStatus(context, framework, status);
    }
  }
}

/** Out of the books: frameworks hear of each task, and of the agent. */
export function removeAgent(context: MasterContext, agent: AgentRecord, removal: Removal): void {
  const { state, allocator, timers } = context;
  rescindOffersOf(context, agent);
  removeTasksOf(context, agent, removal);
  for (const [frameworkId, executors] of [...agent.executors]) {
    const framework = state.frameworks.get(frameworkId);
    if (framework === undefined) continue;
    for (const executorId of [...executors.keys()]) removeExecutor(context, framework, agent, executorId);
  }
  for (const operation of [...agent.operations.values()]) removeOperation(context, operation);
  allocator.removeAgent(agent.id);
  state.agents.delete(agent.id);
  if (state.agentIdByPid.get(agent.pid) === agent.id) state.agentIdByPid.delete(agent.pid);
  timers.cancel(`ping ${agent.id}`);
  timers.cancel(`unreachable ${agent.id}`);
  context.actions.push({ type: 'unlink', pid: agent.pid });
  const { Event_Type, EventSchema } = scheduler;
  const failure = { agentId: { value: agent.id } };
  for (const framework of state.frameworks.values()) {
    toFramework(context, framework, makeMessage(EventSchema, { type: Event_Type.FAILURE, failure }));
  }
}

/** Whether offers may be made of it, after something about it has changed. */
export function refreshActive(context: MasterContext, agent: AgentRecord): void {
  const active = agent.connected && !agent.deactivated;
  if (agent.active === active) return;
  agent.active = active;
  if (!active) rescindOffersOf(context, agent);
  context.allocator.setAgentActive(agent.id, mayBeOffered(context, agent));
}

const mayBeOffered = ({ state: { whitelist } }: MasterContext, { active, info }: AgentRecord) =>
  active && whitelist?.has(info.hostname) !== false;

/** Offers that are there already stay. */
export function setWhitelist(context: MasterContext, hostnames: ReadonlySet<string> | undefined): void {
  context.state.whitelist = hostnames;
  log(context, 'info', 'whitelist', { agents: hostnames?.size ?? 'all' });
  for (const agent of context.state.agents.values()) {
    context.allocator.setAgentActive(agent.id, mayBeOffered(context, agent));
  }
}
