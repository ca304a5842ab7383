/** Sums over all agents, tasks and operations: what most figures are made of, and what takes longest. */
import type { Resources, TaskState } from '@orchestrator/mesos';
import type { MasterState } from '../core/context.ts';
import { operationNameOf, operationStateNameOf } from '../core/operation-names.ts';
import type { AgentRecord } from '../core/records.ts';

/** That are looked at before others have their turn: a millisecond or so. */
export const sliceItems = { agents: 256, tasks: 8_192, offers: 2_048 } as const;

/** Thousandths by the name of the resource. */
type Amounts = Map<string, number>;
/** By role, or by framework. */
type Groups<Key> = Map<string, Map<Key, number>>;

export interface ClusterFigures {
  readonly agents: { all: number; active: number; connected: number };
  /** Revocable ones apart, as `cpus_revocable`. */
  readonly total: Amounts;
  readonly used: Amounts;
  readonly offered: Amounts;
  /** Offered and allocated, by role. */
  readonly held: Groups<string>;
  /** Reserved, or allocated without a reservation, by role: what quota counts. */
  readonly consumed: Groups<string>;
  /** By `kind/state`. */
  readonly operations: Map<string, number>;
  /** Tasks that have not ended, or whose end is not acknowledged, by framework. */
  readonly tasks: Groups<TaskState>;
}

function add<Key>(sums: Map<Key, number>, key: Key, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function addTo<Key>(groups: Groups<Key>, group: string, key: Key, amount: number): void {
  let own = groups.get(group);
  if (own === undefined) {
    own = new Map();
    groups.set(group, own);
  }
  add(own, key, amount);
}

type Kind = Parameters<Parameters<Resources['filter']>[0]>[0];

/** Scalars only: agents have thousands of ranges, which nobody asks for here. */
function eachScalar(resources: Resources, visit: (kind: Kind, thousandths: number) => void): void {
  for (const { kind, thousandths } of resources) if (kind.type === 'scalar') visit(kind, thousandths);
}

const nameOf = ({ name, revocable }: Kind) => (revocable ? `${name}_revocable` : name);

function addAgent(figures: ClusterFigures, agent: AgentRecord): void {
  const { agents, total, used, held, consumed, operations } = figures;
  agents.all++;
  if (agent.active) agents.active++;
  if (agent.connected) agents.connected++;
  eachScalar(agent.total, (kind, thousandths) => {
    add(total, nameOf(kind), thousandths);
    const role = kind.reservations.at(-1)?.role;
    if (role !== undefined) addTo(consumed, role, kind.name, thousandths);
  });
  for (const each of agent.used.values()) {
    eachScalar(each, (kind, thousandths) => {
      const { allocatedTo = '*' } = kind;
      add(used, nameOf(kind), thousandths);
      addTo(held, allocatedTo, kind.name, thousandths);
      if (kind.reservations.length === 0) addTo(consumed, allocatedTo, kind.name, thousandths);
    });
  }
  for (const { message } of agent.operations.values()) {
    const { info, latestStatus } = message;
    add(operations, `${operationNameOf(info.type)}/${operationStateNameOf(latestStatus.state)}`, 1);
  }
}

const nothingYet = [] as const;

/**
 * Counts the cluster a slice at a time: there may be tens of thousands of agents and hundreds of thousands of tasks. What
 * changes meanwhile may be counted as it was or as it is.
 */
export function* countCluster(state: MasterState | undefined): Generator<readonly [], ClusterFigures> {
  const figures: ClusterFigures = {
    agents: { all: 0, active: 0, connected: 0 },
    ...{ total: new Map(), used: new Map(), offered: new Map(), held: new Map(), consumed: new Map() },
    ...{ operations: new Map(), tasks: new Map() },
  };
  if (state === undefined) return figures;
  let seen = 0;
  for (const agent of state.agents.values()) {
    addAgent(figures, agent);
    if (++seen % sliceItems.agents === 0) yield nothingYet;
  }
  for (const { role, resources } of state.offers.values()) {
    eachScalar(resources, (kind, thousandths) => {
      add(figures.offered, nameOf(kind), thousandths);
      addTo(figures.held, role, kind.name, thousandths);
    });
    if (++seen % sliceItems.offers === 0) yield nothingYet;
  }
  for (const framework of state.frameworks.values()) {
    const states = new Map<TaskState, number>();
    figures.tasks.set(framework.id, states);
    for (const { message } of framework.tasks.values()) {
      add(states, message.state, 1);
      if (++seen % sliceItems.tasks === 0) yield nothingYet;
    }
  }
  return figures;
}
