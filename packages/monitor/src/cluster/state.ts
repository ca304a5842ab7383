/**
 * The cluster as the master's event stream tells of it: everything at first, then what changes. It remembers what has
 * changed since it was last asked, so that clients are told only that.
 */
import { master, type master as protocol } from '@orchestrator/mesos';
import type { TaskStateName } from '../schema/index.ts';
import { type Amounts, addTo, amountsOf, roleOf } from './amounts.ts';
import { isEnded, isHolding, keyOfTask, type TaskRecord, taskRecord, withStatus } from './task-record.ts';

type Agent = protocol.Response_GetAgents_AgentValid;
type Framework = protocol.Response_GetFrameworks_FrameworkValid;
type Executor = protocol.Response_GetExecutors_ExecutorValid;

const { Event_Type: type } = master;

/** Ended tasks of all frameworks that are remembered; those that ended first are forgotten first. */
const maxEndedTasks = 20_000;

/** What tasks and executors use, and how many tasks there are that have not ended. */
export interface Use {
  readonly amounts: Map<string, number>;
  readonly byRole: Map<string, Map<string, number>>;
  tasks: number;
}

/** What of a role is known beside its use. */
export interface RoleFacts {
  readonly weight: number;
  readonly guarantees: Amounts;
  readonly limits: Amounts;
}

/** Ids and names of what has changed; all of it after `reset`. */
export interface Changes {
  readonly reset: boolean;
  readonly agents: ReadonlySet<string>;
  readonly frameworks: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  readonly tasks: boolean;
}

const noUse = (): Use => ({ amounts: new Map(), byRole: new Map(), tasks: 0 });

function addUse(use: Use, role: string, amounts: Amounts, sign: 1 | -1): void {
  addTo(use.amounts, amounts, sign);
  const ofRole = use.byRole.get(role) ?? new Map<string, number>();
  addTo(ofRole, amounts, sign);
  if (ofRole.size === 0) use.byRole.delete(role);
  else use.byRole.set(role, ofRole);
}

export class ClusterState {
  readonly agents = new Map<string, Agent>();
  readonly frameworks = new Map<string, Framework>();
  /** By `keyOfTask`; ended ones too, the first to end first. */
  readonly tasks = new Map<string, TaskRecord>();
  readonly roles = new Map<string, RoleFacts>();
  /** Machines by host name and state. */
  readonly maintenance = new Map<string, 'scheduled' | 'down'>();
  readonly tasksByState = new Map<TaskStateName, number>();
  tasksRevision = 0;
  readonly #agentUse = new Map<string, Use>();
  readonly #frameworkUse = new Map<string, Use>();
  readonly #roleUse = new Map<string, Use>();
  #executors: readonly Executor[] = [];
  #endedCount = 0;
  #changes = {
    reset: true,
    agents: new Set<string>(),
    frameworks: new Set<string>(),
    roles: new Set<string>(),
    tasks: true,
  };

  agentUse = (id: string): Use => this.#agentUse.get(id) ?? noUse();
  frameworkUse = (id: string): Use => this.#frameworkUse.get(id) ?? noUse();
  roleUse = (name: string): Use => this.#roleUse.get(name) ?? noUse();

  /** Every role that has facts, frameworks or resources. */
  roleNames(): Set<string> {
    const names = new Set([...this.roles.keys(), ...this.#roleUse.keys()]);
    for (const { frameworkInfo } of this.frameworks.values()) {
      for (const role of frameworkInfo.roles) names.add(role);
      if (frameworkInfo.roles.length === 0 && frameworkInfo.role !== '') names.add(frameworkInfo.role);
    }
    names.delete('');
    return names;
  }

  /** What has changed since the last call. */
  takeChanges(): Changes {
    const changes = this.#changes;
    this.#changes = {
      reset: false,
      agents: new Set(),
      frameworks: new Set(),
      roles: new Set(),
      tasks: false,
    };
    return changes;
  }

  get hasChanges(): boolean {
    const { reset, agents, frameworks, roles, tasks } = this.#changes;
    return reset || tasks || agents.size + frameworks.size + roles.size > 0;
  }

  apply(event: protocol.EventValid): void {
    const { subscribed, taskAdded, taskUpdated, agentAdded, agentRemoved } = event;
    const { frameworkAdded, frameworkUpdated, frameworkRemoved } = event;
    if (event.type === type.SUBSCRIBED && subscribed?.getState !== undefined)
      this.#reset(subscribed.getState);
    else if (taskAdded !== undefined) this.#putTask(taskRecord(taskAdded.task));
    else if (taskUpdated !== undefined) this.#updateTask(taskUpdated);
    else if (agentAdded !== undefined) this.#putAgent(agentAdded.agent);
    else if (agentRemoved !== undefined) this.#removeAgent(agentRemoved.agentId.value);
    else if (frameworkAdded !== undefined) this.#putFramework(frameworkAdded.framework);
    else if (frameworkUpdated !== undefined) this.#putFramework(frameworkUpdated.framework);
    else if (frameworkRemoved !== undefined)
      this.#removeFramework(frameworkRemoved.frameworkInfo.id?.value ?? '');
  }

  /**
   * What the stream does not tell: drains, offers, agents that were lost. `asked`: ids that were known when it was asked for;
   * what has come since then is not taken for lost.
   */
  putAgents(agents: readonly Agent[], asked: ReadonlySet<string>): void {
    const ids = new Set(agents.map(({ agentInfo }) => agentInfo.id?.value ?? ''));
    for (const id of asked) if (!ids.has(id)) this.#removeAgent(id);
    for (const agent of agents) this.#putAgent(agent);
  }

  putFrameworks(frameworks: readonly Framework[], asked: ReadonlySet<string>): void {
    const ids = new Set(frameworks.map(({ frameworkInfo }) => frameworkInfo.id?.value ?? ''));
    for (const id of asked) if (!ids.has(id)) this.#removeFramework(id);
    for (const framework of frameworks) this.#putFramework(framework);
  }

  putExecutors(executors: readonly Executor[]): void {
    for (const executor of this.#executors) this.#useOfExecutor(executor, -1);
    this.#executors = executors;
    for (const executor of executors) this.#useOfExecutor(executor, 1);
  }

  putRoles(roles: ReadonlyMap<string, RoleFacts>): void {
    for (const name of [...this.roles.keys(), ...roles.keys()]) this.#changes.roles.add(name);
    this.roles.clear();
    for (const [name, facts] of roles) this.roles.set(name, facts);
  }

  putMaintenance(machines: ReadonlyMap<string, 'scheduled' | 'down'>): void {
    for (const [id, { agentInfo }] of this.agents) {
      const { hostname } = agentInfo;
      if (machines.get(hostname) !== this.maintenance.get(hostname)) this.#changes.agents.add(id);
    }
    this.maintenance.clear();
    for (const [hostName, state] of machines) this.maintenance.set(hostName, state);
  }

  #reset({ getAgents, getFrameworks, getTasks, getExecutors }: protocol.Response_GetStateValid): void {
    for (const all of [this.agents, this.frameworks, this.tasks, this.tasksByState]) all.clear();
    for (const all of [this.#agentUse, this.#frameworkUse, this.#roleUse]) all.clear();
    this.#executors = [];
    this.#endedCount = 0;
    for (const agent of getAgents?.agents ?? []) this.#putAgent(agent);
    for (const framework of getFrameworks?.frameworks ?? []) this.#putFramework(framework);
    const { completedTasks = [], unreachableTasks = [], tasks = [] } = getTasks ?? {};
    for (const task of [...completedTasks, ...unreachableTasks, ...tasks]) this.#putTask(taskRecord(task));
    this.putExecutors(getExecutors?.executors ?? []);
    this.#changes.reset = true;
  }

  #putAgent(agent: Agent): void {
    const id = agent.agentInfo.id?.value ?? '';
    this.agents.set(id, agent);
    this.#changes.agents.add(id);
  }

  #removeAgent(id: string): void {
    if (this.agents.delete(id)) this.#changes.agents.add(id);
  }

  #putFramework(framework: Framework): void {
    const id = framework.frameworkInfo.id?.value ?? '';
    const before = this.frameworks.get(id)?.frameworkInfo.roles ?? [];
    this.frameworks.set(id, framework);
    this.#changes.frameworks.add(id);
    const after = framework.frameworkInfo.roles;
    if (before.join('\n') === after.join('\n')) return;
    for (const role of [...before, ...after]) this.#changes.roles.add(role);
  }

  #removeFramework(id: string): void {
    for (const role of this.frameworks.get(id)?.frameworkInfo.roles ?? []) this.#changes.roles.add(role);
    if (this.frameworks.delete(id)) this.#changes.frameworks.add(id);
  }

  #updateTask({ frameworkId, status, state }: protocol.Event_TaskUpdatedValid): void {
    const task = this.tasks.get(keyOfTask(frameworkId.value, status.taskId.value));
    if (task !== undefined) this.#putTask(withStatus(task, status, state));
  }

  #putTask(task: TaskRecord): void {
    const key = keyOfTask(task.frameworkId, task.id);
    const before = this.tasks.get(key);
    if (before !== undefined) {
      this.#count(before, -1);
      if (isEnded(task.state)) this.tasks.delete(key); // to the end, in the order in which they end
    }
    this.tasks.set(key, task);
    this.#count(task, 1);
    if (this.#endedCount > maxEndedTasks) this.#forgetFirstEnded();
    this.#changes.tasks = true;
    this.tasksRevision++;
  }

  #forgetFirstEnded(): void {
    for (const [key, task] of this.tasks) {
      if (!isEnded(task.state)) continue;
      this.tasks.delete(key);
      this.#count(task, -1);
      return;
    }
  }

  #count(task: TaskRecord, sign: 1 | -1): void {
    this.tasksByState.set(task.state, (this.tasksByState.get(task.state) ?? 0) + sign);
    if (isEnded(task.state)) this.#endedCount += sign;
    this.#useOfTask(task, sign);
  }

  #useOfTask({ state, agentId, frameworkId, role, resources }: TaskRecord, sign: 1 | -1): void {
    if (isEnded(state)) return;
    this.#use(agentId, frameworkId, role, isHolding(state) ? resources : new Map(), sign, sign);
  }

  #useOfExecutor({ executorInfo, agentId }: Executor, sign: 1 | -1): void {
    const { resources, frameworkId } = executorInfo;
    const amounts = amountsOf(resources);
    if (amounts.size > 0)
      this.#use(agentId.value, frameworkId?.value ?? '', roleOf(resources), amounts, sign, 0);
  }

  #use(
    agentId: string,
    frameworkId: string,
    role: string,
    amounts: Amounts,
    sign: 1 | -1,
    tasks: number,
  ): void {
    const places = [
      [this.#agentUse, agentId, this.#changes.agents],
      [this.#frameworkUse, frameworkId, this.#changes.frameworks],
      [this.#roleUse, role, this.#changes.roles],
    ] as const;
    for (const [uses, id, changed] of places) {
      const use = uses.get(id) ?? noUse();
      addUse(use, role, amounts, sign);
      use.tasks += tasks;
      if (use.tasks === 0 && use.amounts.size === 0) uses.delete(id);
      else uses.set(id, use);
      changed.add(id);
    }
  }
}
