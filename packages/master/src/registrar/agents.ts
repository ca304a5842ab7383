/** Operations on the three lists of agents. Pure: they look at a registry and say what has to change. */
import {
  AgentInfoSchema,
  type AgentInfoValid,
  encodeMessage,
  makeMessage,
  registry as wire,
} from '@orchestrator/mesos';
import { type AdmittedAgent, type Change, type Decision, type Registry, unchanged } from './registry.ts';

/** An agent's info with its id: what a registry is kept by. */
export type IdentifiedAgentInfo = AgentInfoValid & { readonly id: NonNullable<AgentInfoValid['id']> };

const notAdmitted = (id: string): Decision => ({ refusal: `Agent ${id} not yet admitted` });

/** A new agent under an id that it was just given. */
export function admitAgent(registry: Registry, info: IdentifiedAgentInfo): Decision {
  const id = info.id.value;
  const known = registry.admitted.has(id) || registry.unreachable.has(id) || registry.gone.has(id);
  if (known) return { refusal: `Agent ${id} already admitted` };
  return { changes: [{ list: 'admitted', id, value: makeMessage(wire.Registry_SlaveSchema, { info }) }] };
}

function withInfo(agent: AdmittedAgent, info: AgentInfoValid): AdmittedAgent {
  const { deactivated, drainInfo } = agent;
  return makeMessage(wire.Registry_SlaveSchema, { info, deactivated, drainInfo });
}

/** The agent came back with another info (more resources, other attributes). */
export function updateAgent(registry: Registry, info: IdentifiedAgentInfo): Decision {
  const id = info.id.value;
  const known = registry.admitted.get(id);
  if (known === undefined) return notAdmitted(id);
  const before = encodeMessage(AgentInfoSchema, known.info);
  if (Buffer.compare(before, encodeMessage(AgentInfoSchema, info)) === 0) return unchanged;
  return { changes: [{ list: 'admitted', id, value: withInfo(known, info) }] };
}

/** Its pings stayed unanswered. What an operator said of it (drain, deactivation) goes with it. */
export function markUnreachable(registry: Registry, id: string, atNs: bigint): Decision {
  const agent = registry.admitted.get(id);
  if (agent === undefined) return notAdmitted(id);
  const value = makeMessage(wire.Registry_UnreachableSlaveSchema, {
    id: { value: id },
    timestamp: { nanoseconds: atNs },
    deactivated: agent.deactivated,
    drainInfo: agent.drainInfo,
  });
  return {
    changes: [
      { list: 'admitted', id, value: undefined },
      { list: 'unreachable', id, value },
    ],
  };
}

/**
 * It came back. An agent that is in no list is admitted too: it may have been unreachable for so long that it was
 * forgotten, and its tasks are still running.
 */
export function markReachable(registry: Registry, info: IdentifiedAgentInfo): Decision {
  const id = info.id.value;
  if (registry.admitted.has(id)) return unchanged;
  if (registry.gone.has(id)) return { refusal: `Agent ${id} was marked gone` };
  const before = registry.unreachable.get(id);
  const value = makeMessage(wire.Registry_SlaveSchema, {
    info,
    deactivated: before?.deactivated ?? false,
    drainInfo: before?.drainInfo,
  });
  const changes: Change[] = [{ list: 'admitted', id, value }];
  if (before !== undefined) changes.push({ list: 'unreachable', id, value: undefined });
  return { changes };
}

/** The agent said good-bye. */
export function removeAgent(registry: Registry, id: string): Decision {
  if (!registry.admitted.has(id)) return notAdmitted(id);
  return { changes: [{ list: 'admitted', id, value: undefined }] };
}

/** An operator says that it will never come back; its tasks are gone for certain. */
export function markGone(registry: Registry, id: string, atNs: bigint): Decision {
  if (registry.gone.has(id)) return { refusal: `Agent ${id} already marked as gone` };
  const changes: Change[] = [];
  if (registry.admitted.has(id)) changes.push({ list: 'admitted', id, value: undefined });
  else if (registry.unreachable.has(id)) changes.push({ list: 'unreachable', id, value: undefined });
  else return { refusal: `Failed to find agent ${id}` };
  const value = makeMessage(wire.Registry_GoneSlaveSchema, {
    id: { value: id },
    timestamp: { nanoseconds: atNs },
  });
  return { changes: [...changes, { list: 'gone', id, value }] };
}

/** Forgets agents that were unreachable or gone for long enough. Ids that are not there any more are passed over. */
export function pruneAgents(
  registry: Registry,
  ids: { readonly unreachable: readonly string[]; readonly gone: readonly string[] },
): Decision {
  const unreachable = ids.unreachable.filter((id) => registry.unreachable.has(id));
  const gone = ids.gone.filter((id) => registry.gone.has(id));
  return {
    changes: [
      ...unreachable.map((id): Change => ({ list: 'unreachable', id, value: undefined })),
      ...gone.map((id): Change => ({ list: 'gone', id, value: undefined })),
    ],
  };
}
