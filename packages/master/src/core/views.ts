/** Records as the operator API shows them. */
import { AgentInfo_Capability_Type, create, master, Resources } from '@orchestrator/mesos';
import { nanosecondsOf } from './context.ts';
import type { AgentRecord, FrameworkRecord, OfferRecord } from './records.ts';

const { Response_GetAgents_AgentSchema, Response_GetFrameworks_FrameworkSchema } = master;

const capabilityTypes = new Map<string, AgentInfo_Capability_Type>(Object.entries(AgentInfo_Capability_Type));

/** What its tasks and executors hold, allocated to their roles. */
export const allocatedOf = (agent: AgentRecord) => Resources.sum(agent.used.values());

export const offeredOf = (offers: Iterable<OfferRecord>) =>
  Resources.sum([...offers].map((offer) => offer.resources));

const sumAtOnce = 256;

/**
 * As `Resources.sum`, yielding now and then. Parts are summed up before sums are: each has few ranges, the whole may have
 * as many as there are agents.
 */
export function* sumSliced(parts: readonly Resources[]): Generator<undefined, Resources> {
  const sums: Resources[] = [];
  for (let start = 0; start < parts.length; start += sumAtOnce) {
    sums.push(Resources.sum(parts.slice(start, start + sumAtOnce)));
    yield;
  }
  return sums.length <= 1 ? (sums[0] ?? Resources.none) : yield* sumSliced(sums);
}

/** The part of resources that is shown. */
type Shown = (resources: Resources) => Resources;

const everything: Shown = (resources) => resources;

export function agentMessage(
  agent: AgentRecord,
  shown: Shown = everything,
): master.Response_GetAgents_AgentValid {
  const { info, active, deactivated, version, pid, registeredAtMs, reregisteredAtMs, drainInfo } = agent;
  // Made of what was found complete when it came: looking again for each of ten thousand costs more than making it.
  return create(Response_GetAgents_AgentSchema, {
    ...{ agentInfo: info, active, deactivated, version, pid },
    registeredTime: { nanoseconds: nanosecondsOf(registeredAtMs) },
    ...(reregisteredAtMs === undefined
      ? {}
      : { reregisteredTime: { nanoseconds: nanosecondsOf(reregisteredAtMs) } }),
    totalResources: shown(agent.total).toMessages(),
    allocatedResources: shown(allocatedOf(agent)).toMessages(),
    offeredResources: shown(offeredOf(agent.offers)).toMessages(),
    capabilities: [...agent.capabilities].flatMap((name) => {
      const type = capabilityTypes.get(name);
      return type === undefined ? [] : [{ type }];
    }),
    ...(drainInfo === undefined ? {} : { drainInfo }),
    ...(agent.drainStartedAtMs === undefined
      ? {}
      : { estimatedDrainStartTime: { nanoseconds: nanosecondsOf(agent.drainStartedAtMs) } }),
  }) as master.Response_GetAgents_AgentValid;
}

/** All that a framework's tasks and executors hold, and all that it is offered. */
export interface FrameworkHoldings {
  readonly used: Resources;
  readonly offered: Resources;
}

const holdingsOf = (framework: FrameworkRecord): FrameworkHoldings => ({
  used: Resources.sum(framework.used.values()),
  offered: offeredOf(framework.offers),
});

/** As it is now, yielding now and then: it may hold something of every agent. */
export function* sumHoldings(framework: FrameworkRecord): Generator<undefined, FrameworkHoldings> {
  const used = yield* sumSliced([...framework.used.values()]);
  const offered = yield* sumSliced([...framework.offers].map(({ resources }) => resources));
  return { used, offered };
}

export function frameworkMessage(
  framework: FrameworkRecord,
  shown: Shown = everything,
  { used, offered }: FrameworkHoldings = holdingsOf(framework),
): master.Response_GetFrameworks_FrameworkValid {
  const { info, active, recovered, registeredAtMs, reregisteredAtMs, unregisteredAtMs } = framework;
  const time = (ms: number) => ({ nanoseconds: nanosecondsOf(ms) });
  // Of what was found complete when it came, as agents are.
  return create(Response_GetFrameworks_FrameworkSchema, {
    ...{ frameworkInfo: info, active, recovered, connected: framework.connection !== undefined },
    ...(registeredAtMs === undefined ? {} : { registeredTime: time(registeredAtMs) }),
    ...(reregisteredAtMs === undefined ? {} : { reregisteredTime: time(reregisteredAtMs) }),
    ...(unregisteredAtMs === undefined ? {} : { unregisteredTime: time(unregisteredAtMs) }),
    offers: [...framework.offers].map((offer) => offer.message),
    inverseOffers: [...framework.inverseOffers].map((offer) => offer.message),
    allocatedResources: shown(used).toMessages(),
    offeredResources: shown(offered).toMessages(),
    ...(framework.offerConstraints === undefined ? {} : { offerConstraints: framework.offerConstraints }),
  }) as master.Response_GetFrameworks_FrameworkValid;
}
